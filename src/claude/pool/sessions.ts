/**
 * Which process takes a run, and what becomes of it afterwards. In this order: the idle one that the request continues; the idle one with
 * the most turns in common, the others of which are taken back; a ready one; a new one. A run that has its place never waits for a busy one.
 */
import os from 'node:os'
import type { Run } from '../../jobs/executor.js'
import { type Abilities, noAbilities } from '../check/verdict.js'
import { Limiter } from '../../limiter.js'
import { redact } from '../../redact.js'
import type { ClaudeRequest } from '../../request/conversation.js'
import type { LaunchProfile } from '../process/launch-flags.js'
import { launch } from '../process/launcher.js'
import { within } from '../../within.js'
import type { Session } from '../session.js'
import type { AnswerSoFar } from '../turn/answer-so-far.js'
import { NotExercised, canBeExercised, canBeToldAgain } from './exercise.js'
import { chainOf } from './held-turns.js'
import type { Found } from './found.js'
import { IdleSessions, type Match, type Wanted } from './idle-sessions.js'
import { Lives } from './lives.js'
import type { Life } from './retirement.js'
import { reuseKey } from './reuse-key.js'
import type { SessionsSetup, WarmSizes } from './setup.js'
import { type PoolStats, WarmPool } from './warm-pool.js'

const noStart = () => {}
const noneWarm: WarmSizes = { perProfile: 0, total: 0, parked: 0, idleMs: 60_000 }
/** How often a run that waits for the end of other processes looks whether there is room. */
const roomMs = 20
/** and how many times, where there is nothing that could be ended */
const roomLooks = 100

export class Sessions {
  /**
   * Starts at the same time. One is a third of a second of CPU, so ten at once on two cores make all ten late. Waiting for the model
   * is no part of a start.
   */
  private readonly starts = new Limiter({ bound: os.availableParallelism() })
  private readonly sizes: WarmSizes
  private readonly pool: WarmPool
  private readonly idle: IdleSessions
  private readonly lives = new Lives()
  /** until the first process that does not take it */
  private exercises = true
  /** models whose processes refused to be told a prompt again */
  private readonly unconfirmed = new Set<string>()

  constructor(
    private readonly setup: SessionsSetup,
    private readonly startLimitMs: number,
  ) {
    this.sizes = setup.warm ?? noneWarm
    this.idle = new IdleSessions({
      limit: this.sizes.parked,
      idleMs: this.sizes.idleMs,
      takesBack: () => this.takesBack,
      isFit: (session) => this.isFit(session),
    })
    this.pool = new WarmPool({
      ...this.sizes,
      launch: (profile) => this.launch(profile),
      ready: (session, profile) => this.makeReady(session, profile),
      quiet: () => this.starts.running === 0,
      hasRoom: () => this.lives.size < this.maxProcesses,
      startLimitMs,
      onFailure: (cause) => setup.onStartFailure?.(redact(cause)),
    })
  }

  get stats(): PoolStats & { enabled: boolean; parked: number } {
    return { enabled: this.sizes.perProfile > 0, ...this.pool.stats, parked: this.idle.size }
  }

  /** Starts a process before a job asks for it. */
  prepare(profile: LaunchProfile): void {
    this.pool.prepare(profile)
  }

  /**
   * Null where the run was aborted before there was a process. `first`: the run's first process; where one that had answered could not be
   * told the request, another such may not be either.
   *
   * @throws CannotLaunch
   */
  async find(run: Run<ClaudeRequest>, request: ClaudeRequest, profile: LaunchProfile, first: boolean): Promise<Found | null> {
    const found = await this.search(run, request, profile, first)
    const life = found === null ? undefined : this.lives.get(found.session)
    if (life !== undefined) life.owner = run.owner
    return found
  }

  private async search(run: Run<ClaudeRequest>, request: ClaudeRequest, profile: LaunchProfile, first: boolean): Promise<Found | null> {
    if (run.signal.aborted) return null
    const wanted = this.wantedFor(run, request, profile)
    const match = wanted === null || !first ? null : this.idle.take(wanted)
    if (match !== null) return this.again(match, wanted)
    const ready = this.pool.take(profile)
    if (ready !== null && ready.exercised && this.unconfirmed.has(profile.model)) this.idle.letGo(ready)
    else if (ready !== null) {
      this.prepareToTell(ready, profile, wanted)
      return { session: ready, keep: 0, fresh: false, reused: false, started: noStart, wanted }
    }
    return this.start(run, profile, wanted, first)
  }

  /**
   * Keeps the process of an answer that came to its own end, for another question; false if it is to be ended. `said`: the answer as the
   * client has it.
   */
  keep({ session, wanted }: Found, task: string, request: ClaudeRequest, said: AnswerSoFar): boolean {
    if (wanted === null) return false
    const content = said.blocks(request.response !== undefined)
    if (content.length > 0) session.held.add({ role: 'assistant', content }, null)
    else session.held.addUnknown()
    // without taking back only a conversation's next turn can use it, and even an idle process takes CPU in its first seconds
    if (!this.takesBack && (content.length === 0 || (this.starts.waiting > 0 && !session.waits))) return false
    this.lives.get(session)?.answered(request, task)
    return this.idle.park(wanted.key, session)
  }

  /** The process refused what comes before its first question: none of its model is told a prompt in that way any more. */
  refused({ session, reused }: Found, { model }: LaunchProfile): void {
    if (!reused && session.promptWay === 'again') this.unconfirmed.add(model)
  }

  /** Resolves when those that were let go have gone. */
  settled(): Promise<void> {
    return this.idle.settled()
  }

  /** Ends what holds words of a task; a process at work is ended after its answer. */
  forget(task: string): void {
    this.drop((life) => life.tasks.has(task))
  }

  /** Ends what has worked for an owner; a process at work is ended after its answer. */
  forgetOwner(owner: string): void {
    this.drop((life) => life.owner === owner)
  }

  /** Ends every process that is not at work. */
  async close(): Promise<void> {
    await Promise.all([this.pool.close(), this.idle.close()])
  }

  private drop(unwanted: (life: Life) => boolean): void {
    this.lives.retire(unwanted)
    this.idle.dropThose((session) => !this.isFit(session))
  }

  /** What may be done with processes of the CLI as it is now. */
  private get abilities(): Abilities {
    return this.setup.abilities?.() ?? noAbilities
  }

  private get takesBack(): boolean {
    return this.abilities.takingBack
  }

  private get origin(): string {
    return this.setup.origin?.() ?? ''
  }

  /** How many processes there may be, whatever they do. */
  get maxProcesses(): number {
    return this.setup.maxProcesses ?? Infinity
  }

  /** With its servers and its folder a process is its own job's alone, and strangers share none. */
  private wantedFor({ owner }: Run<ClaudeRequest>, request: ClaudeRequest, profile: LaunchProfile): Wanted | null {
    if (request.inside !== undefined || this.sizes.parked === 0 || this.setup.isShared?.(owner) === true) return null
    return { key: reuseKey(owner, profile.key, request), request, chain: chainOf(request.turns.slice(0, -1)) }
  }

  private again(match: Match, wanted: Wanted | null): Found {
    // of what is taken back to nothing no word is left
    if (match.keep === 0) this.lives.get(match.session)?.tasks.clear()
    return { ...match, fresh: false, reused: true, started: noStart, wanted }
  }

  private isFit(session: Session): boolean {
    return this.lives.get(session)?.isFit(this.origin) === true
  }

  /** A process that is to answer further questions is told its prompt in the way that can be repeated. */
  private prepareToTell(session: Session, { model }: LaunchProfile, wanted: Wanted | null): void {
    if (session.exercised || wanted === null || !this.takesBack || !this.abilities.newPrompt) return
    if (canBeToldAgain(model) && !this.unconfirmed.has(model)) session.promptWay = 'again'
  }

  private async start(run: Run<ClaudeRequest>, profile: LaunchProfile, wanted: Wanted | null, first: boolean): Promise<Found | null> {
    const freed = new AbortController()
    let match: Match | null = null
    const giveUp =
      wanted === null || !first
        ? noStart
        : this.idle.await(wanted, (found) => {
            match = found
            freed.abort()
          })
    const signal = AbortSignal.any([run.signal, freed.signal])
    const place = await run.seat.silently(this.starts.take(run.owner, signal)).catch(() => null)
    giveUp()
    const found = match as Match | null
    if (found !== null) {
      place?.leave()
      if (!run.signal.aborted) return this.again(found, wanted)
      if (!this.idle.park(wanted!.key, found.session)) this.idle.letGo(found.session)
      return null
    }
    if (place === null) return null
    const started = () => place.leave()
    try {
      await this.makeRoom()
      const session = await this.launch(profile)
      this.prepareToTell(session, profile, wanted)
      return { session, keep: 0, fresh: true, reused: false, started, wanted }
    } catch (error) {
      started()
      throw error
    }
  }

  /**
   * Ends processes that are not at work until there may be one process more. There are at least as many as places, so that only a job inside another one,
   * which runs in that one's place, finds all of them at work: it gets one beyond the bound, because the other one waits for it.
   */
  private async makeRoom(): Promise<void> {
    for (let looks = 0; this.lives.size >= this.maxProcesses && looks < roomLooks; ) {
      const gone = this.idle.dropOldest() ?? this.pool.dropOne()
      if (gone === null) looks += 1
      await (gone ?? new Promise((resolve) => setTimeout(resolve, roomMs)))
    }
  }

  private launch(profile: LaunchProfile): Promise<Session> {
    return this.lives.begin(this.origin, () => launch(this.setup, profile))
  }

  private async makeReady(session: Session, profile: LaunchProfile): Promise<void> {
    await session.ready()
    // it is a tenth of a second of CPU
    if (!this.exercises || this.starts.running > 0 || this.unconfirmed.has(profile.model)) return
    if (!canBeExercised(profile, this.abilities)) return
    let killed = false
    const ended = session.gone.then(({ signal }): never => {
      killed = signal === 'SIGKILL'
      throw new NotExercised('the process ended in its first turn')
    })
    try {
      const exercised = session.exercise(this.setup.env['ANTHROPIC_CUSTOM_HEADERS'] ?? '')
      await within(Promise.race([exercised, ended]), this.startLimitMs / 2, 'the first turn of a process took too long')
    } catch (error) {
      // a process that was killed from outside says nothing about the others
      if (!killed) this.exercises = false
      throw error
    }
  }
}
