/** The jobs of this server: what routes talk to, to ask (see {@link JobReads}) and to change. Knows neither HTTP nor Claude. */
import { BridgeError } from '../errors/catalogue.js'
import type { Limiter } from '../limiter.js'
import type { JobRequest } from '../request/job-request.js'
import { Admission, type AdmissionOptions } from './admission.js'
import { Endings } from './endings.js'
import type { LoggedEvent } from './events.js'
import type { Executor } from './executor.js'
import { newJobId } from './ids.js'
import type { Job, JobView, NewJob } from './job.js'
import { JobReads } from './job-reads.js'
import { LiveJob } from './live-job.js'
import type { JobObserver } from './observer.js'
import type { Places } from './places.js'
import { recover } from './recovery.js'
import { hasExpired } from './retention.js'
import { Runner } from './runner.js'
import { RunningGates } from './running-gates.js'
import type { PriceOf } from './spending.js'
import { isFinal } from './status.js'
import { unlessUnreadable } from './unreadable.js'
import { Upkeep } from './upkeep.js'
import { Writer } from './writer.js'

export interface JobsOptions extends AdmissionOptions {
  executor: Executor
  places: Places
  idleTimeoutS: number
  /** milliseconds between two looks for what has expired; left out: a minute */
  pruneEveryMs?: number
  observer?: JobObserver
  /** A job is forgotten, by its owner's word: what belongs to it elsewhere may go. */
  onForgotten?(id: string): Promise<void>
  /** Whether an owner's key was revoked: no job is made for it any more. */
  isRevoked?(owner: string): boolean
  /** Something that should not happen, and whose job it was, where it was one's. */
  onTrouble(message: string, error: unknown, jobId?: string): void
  /** what a call of a model's API costs; left out: nothing */
  priceOf?: PriceOf
}

export interface JobsStats {
  /** jobs that wait for a slot */
  queued: number
  /** slots in use: runs whose process has not gone yet */
  running: number
  slots: number
  maxQueued: number
  /** whether a job that comes now is taken */
  hasRoom: boolean
}

/** Jobs of an earlier server: that waited, that run again, that could not. */
export interface RecoveryCounts {
  queued: number
  rerun: number
  interrupted: number
}

const aMinute = 60_000
/** Cancelling answers when the work has stopped, or after this. */
const stopPatienceMs = 2000

export class Jobs extends JobReads {
  private readonly endings: Endings
  private readonly runner: Runner
  private readonly upkeep: Upkeep
  private readonly admission: Admission
  private readonly gates: RunningGates
  private closing = false
  private stopped = false
  private faulty = false
  private recovery: Promise<RecoveryCounts> | null = null

  constructor(private readonly options: JobsOptions) {
    super(options.store)
    this.admission = new Admission(options)
    const writer = new Writer(options.store, (live, error) => this.unstorable(live, error))
    const gates = new RunningGates((owner) => options.limits?.runningOf(owner))
    this.gates = gates
    const began = (live: LiveJob) => this.admission.began(live)
    const over = (live: LiveJob) => {
      began(live)
      gates.leave(live.job.id, live.job.owner)
    }
    const onStored = ({ job }: LiveJob) => void this.live.delete(job.id)
    this.endings = new Endings({ ...options, writer, onEnd: over, onStored })
    const budgetSpent = (owner: string) => options.limits?.budgetSpent(owner) === true
    const find = (id: string) => this.live.get(id)
    this.runner = new Runner({ ...options, writer, endings: this.endings, gates, budgetSpent, find, onStart: began })
    const { pruneEveryMs: everyMs = aMinute } = options
    this.upkeep = new Upkeep({ ...options, endings: this.endings, live: this.live, everyMs })
  }

  /**
   * Takes up what an earlier server left, when it is certain that this one serves. Until then records and logs are read as they are stored,
   * and whatever would change a job waits. Says what was done; a second call does nothing more.
   */
  start(): Promise<RecoveryCounts> {
    this.recovery ??= this.takeUp()
    return this.recovery
  }

  private async takeUp(): Promise<RecoveryCounts> {
    if (this.closing) return { queued: 0, rerun: 0, interrupted: 0 }
    const { inOrder } = await this.store.begin()
    const { resumed, paused, counts } = await recover(this.store, inOrder, {
      onSetAside: (message, id) => this.options.onTrouble(message, undefined, id),
      onEnded: (job) => this.options.observer?.ended(job, null),
    })
    const suspects = resumed.filter(({ suspect }) => suspect).map(({ job }) => this.hold(job))
    for (const live of suspects) live.suspect = true
    // the first of them before the others: the sooner it is known who kills
    this.oneByOne(suspects).catch((error: unknown) => this.options.onTrouble('suspects could not be run', error))
    for (const { job, suspect } of resumed) if (!suspect) this.enqueue(this.hold(job))
    for (const job of paused) this.live.set(job.id, LiveJob.paused(job, this.options.priceOf))
    this.upkeep.start()
    this.takenUp.resolve()
    return counts
  }

  /**
   * Stores a job and queues it; once this resolves the job survives a crash. `joined`: the same idempotency key and body were
   * there before, and this is that job, which takes no place in the queue.
   *
   * @throws BridgeError queue_full, insufficient_quota, server_shutdown, idempotency_key_reused, invalid_api_key
   */
  async submit(asked: NewJob): Promise<{ job: Job; joined: boolean }> {
    this.refuseAtEnd()
    this.refuseRevoked(asked.owner)
    if (!this.takenUp.done) {
      await this.takenUp.promise
      return this.submit(asked)
    }
    const limiter = this.options.places.of(asked)
    // what another job waits for runs in that one's place
    const nested = !asked.background && asked.view.parent !== undefined && this.live.has(asked.view.parent)
    const full = await this.admission.fullFor(asked.owner)
    // in one step with `create`, so that of many at once none is counted too late
    const refusal = full ?? this.admission.refusal(limiter, asked.owner, nested)
    if (refusal === null) return this.create(asked, limiter)
    const earlier = await this.joinEarlier(asked)
    if (earlier === null) throw refusal
    return { job: earlier, joined: true }
  }

  /**
   * The job that `submit` would join, joined; null where there is none yet. For whoever would have to do something before it can
   * submit: only `submit` makes sure that there is one job, as two may come at the same moment.
   *
   * @throws BridgeError server_shutdown, idempotency_key_reused
   */
  async joinEarlier(asked: Pick<NewJob, 'owner' | 'background' | 'idempotency'>): Promise<Job | null> {
    this.refuseAtEnd()
    if (!this.takenUp.done) {
      await this.takenUp.promise
      return this.joinEarlier(asked)
    }
    const { owner, background, idempotency } = asked
    const earlier = idempotency === undefined ? null : await this.store.earlier(owner, idempotency)
    return earlier === null || hasExpired(earlier.job) ? null : this.join(earlier, background)
  }

  /**
   * Ties a connection to a job. The returned function unties it; the last one to go takes a job with it that was not asked
   * for in the background.
   */
  attach(id: string): () => void {
    const live = this.live.get(id)
    if (live === undefined) return () => {}
    live.attached += 1
    let attached = true
    return () => {
      if (!attached) return
      attached = false
      live.attached -= 1
      if (live.attached > 0 || live.job.background || live.ending !== null) return
      this.stop(live, 'cancelled').catch((error: unknown) =>
        this.options.onTrouble('a job could not be cancelled after its client had left', error, id),
      )
    }
  }

  /** Ends queued or running work, processes included. Resolves with the record; a job that has ended stays as it is. */
  async cancel(id: string): Promise<void> {
    const live = this.live.get(id)
    if (live !== undefined) return this.stop(live, 'cancelled')
    const { done } = this.takenUp
    const job = await this.store.get(id)
    if (job === null || isFinal(job.status)) return
    if (!done) {
      await this.takenUp.promise
      return this.cancel(id)
    }
    throw new BridgeError('internal_error', 'The job is held by another server.')
  }

  /** What owners may have at work has changed. */
  limitsChanged(): void {
    this.gates.changed()
  }

  /** Ends the queued, running and paused work of owners whose keys were revoked, as {@link cancel} does. */
  async cancelRevoked(): Promise<void> {
    if (!this.takenUp.done) await this.takenUp.promise
    const theirs = [...this.live.values()].filter(({ job }) => this.options.isRevoked?.(job.owner) === true)
    await Promise.all(theirs.map((live) => this.stop(live, 'cancelled')))
  }

  /**
   * What a human has decided about a job that waits for it: its last response stands, the job fails, or there are more attempts.
   * Resolves when that is stored. @throws BridgeError not_waiting_for_review
   */
  async review(id: string, decision: 'approve' | 'reject' | 'retry', feedback?: string): Promise<void> {
    if (!this.takenUp.done) await this.takenUp.promise
    const live = this.live.get(id)
    if (live === undefined || !live.paused || live.deciding || live.ending !== null) {
      throw new BridgeError('not_waiting_for_review', 'The task does not wait for a review.')
    }
    if (decision === 'approve') return this.runner.approve(live)
    if (decision === 'reject') {
      const why = feedback === undefined ? '' : `: ${feedback}`
      return this.endings.abort(live, { code: 'review_rejected', message: `The answer was rejected in review${why}` })
    }
    await this.runner.again(live, feedback)
    // it was cancelled meanwhile
    if (live.cause !== null) return
    this.admission.waits(live, this.options.places.of(live.job))
    this.runner.enqueue(live)
  }

  /** Cancels and forgets. */
  async delete(id: string): Promise<boolean> {
    // a record that cannot be read can still be forgotten
    await this.cancel(id).catch(unlessUnreadable(undefined))
    const known = await this.store.delete(id)
    this.live.delete(id)
    await this.options.onForgotten?.(id)
    return known
  }

  /** Of the runs that need a process, or of those that need none. */
  stats(kind: 'process' | 'network' = 'process'): JobsStats {
    const limiters = this.options.places.named(kind)
    const sum = (of: (limiter: Limiter) => number) => limiters.reduce((total, limiter) => total + of(limiter), 0)
    return {
      queued: sum((limiter) => this.admission.queued(limiter)),
      running: sum(({ running }) => running),
      slots: sum(({ bound }) => bound),
      maxQueued: this.options.maxQueued,
      hasRoom: limiters.some((limiter) => this.admission.hasRoom(limiter)),
    }
  }

  /** Whether a job waits for a place and none is free: who waits for it inside a job could be what it waits for. */
  waitsForPlace({ status, view }: Job): boolean {
    return status === 'queued' && this.noPlaceFor(view)
  }

  /** Whether no run of such a job could begin now. */
  noPlaceFor({ lane }: Pick<JobView, 'lane'>): boolean {
    return this.options.places.of({ view: lane === undefined ? {} : { lane } }).free === 0
  }

  get accepting(): boolean {
    return !this.closing
  }

  /** No new jobs and no new starts; resolves when nothing runs any more, or after `ms`. */
  async drain(ms: number): Promise<void> {
    this.closing = true
    for (const limiter of this.options.places.all) limiter.stop()
    const deadline = performance.now() + ms
    while (this.options.places.all.some(({ running }) => running > 0) && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50))
  }

  /**
   * Stops what still runs. Jobs asked for in the background go on after the next start, as after a crash; the others' clients are
   * told. Resolves when every process has gone and everybody who waited has been let go. The store stays open.
   */
  async stopAll(): Promise<void> {
    this.closing = true
    for (const limiter of this.options.places.all) limiter.stop()
    // what it holds is stopped like the rest; nothing of it starts any more
    await this.recovery?.catch(() => undefined)
    this.takenUp.reject(shuttingDown())
    this.upkeep.stop()
    this.stopped = true
    await Promise.allSettled([...this.live.values()].map((live) => this.halt(live)))
    await this.upkeep.storeEnds()
    // one that never began is not to hide how the one before ended
    if (this.takenUp.done && !this.faulty)
      await this.store.endInOrder().catch((error: unknown) => this.options.onTrouble('the end could not be noted', error))
  }

  /** The server ends after a fault: the next one takes it for a kill, since one of the jobs may be the cause. */
  endedByFault(): void {
    this.faulty = true
  }

  private async create(asked: NewJob, limiter: Limiter): Promise<{ job: Job; joined: boolean }> {
    const { request, idempotency, ...rest } = asked
    const createdAt = Date.now()
    const job: Job = {
      ...rest,
      id: newJobId(),
      status: 'queued',
      attempts: 0,
      createdAt,
      startedAt: null,
      completedAt: null,
      expiresAt: null,
      lastSeq: 1,
      answer: null,
      error: null,
      review: null,
    }
    const first: LoggedEvent = { seq: 1, at: createdAt, event: { type: 'status', status: 'queued', phase: 'queued' } }
    // `hold` follows in the same step, so that nobody who counts meanwhile finds this job missing or twice
    const created = await this.admission.arriving(limiter, () => this.store.create(job, request, first, idempotency))
    if (created.created) {
      const live = this.hold(job, first)
      await created.synced.catch((error: unknown) => this.unsynced(live, error))
      if (this.stopped) await this.halt(live)
      else if (this.options.isRevoked?.(job.owner) === true) await this.stop(live, 'cancelled')
      else this.enqueue(live, request)
      // it may have started in this same step
      return { job: live.job, joined: false }
    }
    if (hasExpired(created.job)) {
      await this.store.delete(created.job.id)
      this.refuseAtEnd()
      return this.create(asked, limiter)
    }
    return { job: await this.join(created, asked.background), joined: true }
  }

  /** A new job may be lost with the power, so that it cannot be promised. @throws `error` */
  private async unsynced(live: LiveJob, error: unknown): Promise<never> {
    await this.stop(live, { code: 'internal_error', message: 'The job could not be recorded.' })
    throw error
  }

  private refuseAtEnd(): void {
    if (this.closing) throw shuttingDown()
  }

  /** A request may take longer to come than its key is valid. */
  private refuseRevoked(owner: string): void {
    if (this.options.isRevoked?.(owner) === true) throw new BridgeError('invalid_api_key', 'This API key was revoked.')
  }

  /** The job that another request asked for; from now on in the background if this one wants it so. */
  private async join({ job: stored, sameBody }: { job: Job; sameBody: boolean }, background: boolean): Promise<Job> {
    if (!sameBody) throw new BridgeError('idempotency_key_reused', 'This Idempotency-Key was used before with another body.')
    const job = this.live.get(stored.id)?.job ?? stored
    if (!background || job.background || isFinal(job.status)) return job
    await this.store.keep(job.id)
    this.live.get(job.id)?.kept()
    return this.live.get(job.id)?.job ?? { ...job, background }
  }

  /** Takes a queued job into memory. @param first its first event, which readers are spared to look for in the store */
  private hold(job: Job, first?: LoggedEvent): LiveJob {
    const live = new LiveJob(job, first && [first], this.options.priceOf)
    this.live.set(job.id, live)
    this.admission.waits(live, this.options.places.of(job))
    return live
  }

  /** Into the queue; a suspect waits for {@link oneByOne}. */
  private enqueue(live: LiveJob, request?: JobRequest): void {
    live.request = request
    this.runner.enqueue(live)
    // one that has to wait is not to hold its prompt in memory
    if (live.started === null) live.request = undefined
  }

  /** Runs each when nothing of the one before is left. */
  private async oneByOne(suspects: LiveJob[]): Promise<void> {
    for (const live of suspects) {
      if (this.closing) return
      if (live.ending !== null || live.cause !== null) continue
      this.runner.enqueue(live)
      await live.whenOver()
      await Promise.all(live.gone)
    }
  }

  private async stop(live: LiveJob, cause: NonNullable<LiveJob['cause']>): Promise<void> {
    await this.endings.abort(live, cause)
    await this.gone(live)
  }

  /** See {@link stopAll}. */
  private async halt(live: LiveJob): Promise<void> {
    if (!live.job.background) return this.stop(live, 'shutdown')
    await this.endings.leave(live)
    await this.gone(live)
  }

  /** Resolves when nothing of the job's runs is left, or when that takes too long. */
  private async gone(live: LiveJob): Promise<void> {
    let enough!: () => void
    const late = new Promise<void>((resolve) => (enough = resolve))
    const timer = setTimeout(enough, stopPatienceMs)
    await Promise.race([Promise.all(live.gone), late])
    clearTimeout(timer)
  }

  private unstorable(live: LiveJob, error: unknown): void {
    const { id } = live.job
    this.options.onTrouble('events could not be stored', error, id)
    const failure = { code: 'internal_error', message: 'The job could not be recorded.' } as const
    this.endings.abort(live, failure).catch((trouble: unknown) => this.options.onTrouble('a job could not be ended', trouble, id))
  }
}

function shuttingDown(): BridgeError {
  return new BridgeError('server_shutdown', 'The server is shutting down.', { retryAfter: 5 })
}
