/** The jobs of this server: what routes talk to, to ask (see {@link JobReads}) and to change. Knows neither HTTP nor Claude. */
import { BridgeError } from '../errors/catalogue.js'
import type { Limiter } from '../limiter.js'
import type { JobRequest } from '../request/job-request.js'
import { Admission, type AdmissionOptions, type Elsewhere } from './admission.js'
import { Endings } from './endings.js'
import type { LoggedEvent } from './events.js'
import type { Executor } from './executor.js'
import type { Job, JobView, NewJob } from './job.js'
import { JobReads } from './job-reads.js'
import { tellEnded } from './job-trace.js'
import { LiveJob } from './live-job.js'
import type { JobObserver } from './observer.js'
import type { Places } from './places.js'
import type { Replicas } from './replicas.js'
import { Runner } from './runner.js'
import { RunningGates } from './running-gates.js'
import type { PriceOf } from './spending.js'
import { SharedClients } from './shared-clients.js'
import { SharedJobs } from './shared-jobs.js'
import { isFinal } from './status.js'
import { Stopping } from './stopping.js'
import { type Created, Submission } from './submission.js'
import { takeUp } from './take-up.js'
import type { Tracing } from './trace.js'
import { unlessUnreadable } from './unreadable.js'
import { Upkeep } from './upkeep.js'
import { Writer } from './writer.js'
import { within } from '../within.js'

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
  /** where spans go; left out: nowhere */
  tracing?: Tracing
  /** the other servers on the same store; left out: this one is alone */
  replicas?: Replicas
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
/** Who asks for the state of this server waits no longer for that of the lines. */
const countingMs = 500
/** How long the end of a job that is deleted stays for the readers of other servers. */
const readersMs = 200

export class Jobs extends JobReads {
  private readonly endings: Endings
  private readonly stopping: Stopping
  private readonly runner: Runner
  private readonly upkeep: Upkeep
  private readonly admission: Admission
  private readonly gates: RunningGates
  private readonly submission: Submission
  private readonly shared: SharedJobs | null
  private readonly clients: SharedClients | null
  private closing = false
  private faulty = false
  private recovery: Promise<RecoveryCounts> | null = null

  constructor(private readonly options: JobsOptions) {
    super(options.store, options.replicas)
    this.admission = new Admission({ ...options, ...(options.replicas && { elsewhere: this.lineOf(options.replicas) }) })
    const gates = new RunningGates((owner) => options.limits?.runningOf(owner))
    this.gates = gates
    this.stopping = new Stopping({ ...options, admission: this.admission, gates, live: this.live })
    const { stopping } = this
    const writer = new Writer(options.store, (live, error) => stopping.unstorable(live, error))
    const began = (live: LiveJob) => this.admission.began(live)
    const over = (live: LiveJob) => stopping.over(live)
    const onStored = ({ job }: LiveJob) => void this.live.delete(job.id)
    const onLost = (live: LiveJob) => stopping.lose(live)
    this.endings = stopping.endings = new Endings({ ...options, writer, onEnd: over, onStored, onLost })
    const budgetSpent = (owner: string) => options.limits?.budgetSpent(owner) === true
    const find = (id: string) => this.live.get(id)
    this.runner = new Runner({ ...options, writer, endings: this.endings, gates, budgetSpent, find, onStart: began })
    const { pruneEveryMs: everyMs = aMinute } = options
    this.upkeep = new Upkeep({ ...options, endings: this.endings, live: this.live, everyMs })
    const { live, takenUp } = this
    const { replicas } = options
    const cancel = (id: string) => this.cancel(id)
    this.clients = replicas === undefined ? null : new SharedClients({ ...options, replicas, live, cancel })
    this.shared =
      replicas === undefined
        ? null
        : new SharedJobs({
            ...options,
            ...{ replicas, live, cancel },
            hold: (job, fence) => this.hold(job, { fence }),
            enqueue: (held, created) => this.enqueue(held, created?.asked.request),
            stop: (held) => this.stopping.stop(held, 'cancelled'),
            isEnding: () => this.closing,
            onCounted: (lane, asOf) => {
              for (const limiter of options.places.all) if (options.places.laneOf(limiter) === lane) this.admission.counted(limiter, asOf)
            },
          })
    const accept = (created: Created) => (this.shared === null ? this.accept(created) : this.shared.accept(created))
    this.submission = new Submission({
      ...options,
      admission: this.admission,
      live,
      takenUp,
      refuseAtEnd: () => this.refuseAtEnd(),
      accept,
    })
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
    const nothing = { queued: 0, rerun: 0, interrupted: 0 }
    if (this.closing) return nothing
    if (this.shared !== null) {
      await this.options.replicas!.start(this.shared)
      this.upkeep.start()
      this.takenUp.resolve()
      return nothing
    }
    const counts = await takeUp({
      ...{ store: this.store, live: this.live, runner: this.runner, priceOf: this.options.priceOf, tracing: this.options.tracing },
      hold: (job) => this.hold(job),
      isClosing: () => this.closing,
      onTrouble: (message, error, id) => this.options.onTrouble(message, error, id),
      onEnded: (job) => {
        this.options.observer?.ended(job, null)
        tellEnded(job, this.options.tracing)
      },
    })
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
  submit(asked: NewJob): Promise<{ job: Job; joined: boolean }> {
    return this.submission.submit(asked)
  }

  /**
   * The job that `submit` would join, joined; null where there is none yet. For a caller that would have to do something before it can
   * submit: only `submit` makes sure that there is one job, as two may come at the same moment.
   *
   * @throws BridgeError server_shutdown, idempotency_key_reused
   */
  joinEarlier(asked: Pick<NewJob, 'owner' | 'background' | 'idempotency'>): Promise<Job | null> {
    return this.submission.joinEarlier(asked)
  }

  /**
   * Ties a connection to a job. The returned function unties it; the last one to go takes a job with it that was not asked
   * for in the background.
   */
  attach(id: string): () => void {
    if (this.clients !== null) return this.clients.attach(id)
    const live = this.live.get(id)
    if (live === undefined) return () => {}
    live.attached += 1
    let attached = true
    return () => {
      if (!attached) return
      attached = false
      live.attached -= 1
      if (live.attached > 0 || live.job.background || live.ending !== null) return
      this.stopping
        .stop(live, 'cancelled')
        .catch((error: unknown) => this.options.onTrouble('a job could not be cancelled after its client had left', error, id))
    }
  }

  /** Ends queued or running work, processes included. Resolves with the record; a job that has ended stays as it is. */
  async cancel(id: string): Promise<void> {
    const live = this.live.get(id)
    if (live !== undefined) {
      await this.stopping.stop(live, 'cancelled')
      // what another claim has taken over meanwhile is not ended by that
      if (!live.lost) return
    }
    if (this.shared !== null) {
      while (!(await this.shared.cancelElsewhere(id))) if (this.live.has(id)) return this.cancel(id)
      return
    }
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
    await Promise.all(theirs.map((live) => this.stopping.stop(live, 'cancelled')))
    await this.shared?.cancelRevoked()
  }

  /**
   * What a human has decided about a job that waits for it: its last response stands, the job fails, or there are more attempts.
   * Resolves when that is stored. @throws BridgeError not_waiting_for_review
   */
  async review(id: string, decision: 'approve' | 'reject' | 'retry', feedback?: string): Promise<void> {
    if (!this.takenUp.done) await this.takenUp.promise
    if (this.shared !== null) return this.shared.review(id, (live) => this.decide(live, decision, feedback))
    const live = this.live.get(id)
    if (live === undefined || !live.paused || live.deciding || live.ending !== null) {
      throw new BridgeError('not_waiting_for_review', 'The task does not wait for a review.')
    }
    await this.decide(live, decision, feedback)
  }

  private async decide(live: LiveJob, decision: 'approve' | 'reject' | 'retry', feedback?: string): Promise<void> {
    if (decision === 'approve') return this.runner.approve(live)
    if (decision === 'reject') {
      const why = feedback === undefined ? '' : `: ${feedback}`
      return this.endings.abort(live, { code: 'review_rejected', message: `The answer was rejected in review${why}` })
    }
    await this.runner.again(live, feedback)
    // it was cancelled meanwhile, or any server may take it
    if (live.cause !== null || this.shared !== null) return
    live.trace.resumed(live.job)
    this.admission.waits(live, this.options.places.of(live.job))
    this.runner.enqueue(live)
  }

  /** Cancels and forgets. */
  async delete(id: string): Promise<boolean> {
    // a record that cannot be read can still be forgotten
    const job = this.shared === null ? null : await this.store.get(id).catch(unlessUnreadable(null))
    await this.cancel(id).catch(unlessUnreadable(undefined))
    // readers of other servers read the end from the store
    if (job !== null && !isFinal(job.status)) await new Promise((resolve) => setTimeout(resolve, readersMs))
    const known = await this.store.delete(id)
    this.live.delete(id)
    await this.options.onForgotten?.(id)
    return known
  }

  /** Counts anew what {@link stats} says of lines that several servers share. Where they do not answer soon, it stays as it was counted last. */
  async counted(): Promise<void> {
    const { replicas } = this.options
    if (replicas !== undefined) await within(replicas.count(), countingMs, 'the lines could not be counted').catch(() => undefined)
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

  protected override onLogLost(): void {
    this.options.observer?.logLost?.()
  }

  get accepting(): boolean {
    return !this.closing
  }

  /** No new jobs and no new starts; resolves when nothing runs any more, or after `ms`. */
  async drain(ms: number): Promise<void> {
    this.closing = true
    await this.options.replicas?.stopTaking()
    for (const limiter of this.options.places.all) limiter.stop()
    const deadline = performance.now() + ms
    // a client here may wait for a job of another server
    const isBusy = () => this.options.places.all.some(({ running }) => running > 0) || (this.options.replicas?.clients ?? 0) > 0
    while (isBusy() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
  }

  /**
   * Stops what still runs. Jobs asked for in the background go on after the next start, as after a crash; the others' clients are
   * told. Resolves when every process has gone and every waiting caller has been let go. The store stays open.
   */
  async stopAll(): Promise<void> {
    this.closing = true
    for (const limiter of this.options.places.all) limiter.stop()
    // what it holds is stopped like the rest; nothing of it starts any more
    await this.recovery?.catch(() => undefined)
    this.takenUp.reject(shuttingDown())
    this.upkeep.stop()
    this.stopped = true
    this.clients?.close()
    await this.options.replicas?.stopTaking()
    this.held.pokeAll()
    await Promise.allSettled([...this.live.values()].map((live) => this.stopping.halt(live, this.shared)))
    await this.upkeep.storeEnds()
    // one that never began is not to hide how the one before ended
    if (this.takenUp.done && !this.faulty)
      await this.store.endInOrder().catch((error: unknown) => this.options.onTrouble('the end could not be noted', error))
  }

  /** The server ends after a fault: the next one takes it for a kill, since one of the jobs may be the cause. */
  endedByFault(): void {
    this.faulty = true
  }

  /**
   * A new job goes into the line here. Its run does not wait until the job survives a power cut: who asked for it does, and is told of nothing
   * before. What is lost with the power then is a run that no client knows of.
   */
  private async accept({ job, first, asked, synced }: Created): Promise<Job> {
    const live = this.hold(job, { first })
    const { stopped } = this
    const revoked = this.options.isRevoked?.(job.owner) === true
    if (!stopped && !revoked) this.enqueue(live, asked.request)
    await synced.catch((error: unknown) => this.unsynced(live, error))
    if (stopped) await this.stopping.halt(live, this.shared)
    else if (revoked) await this.stopping.stop(live, 'cancelled')
    // it may have started, and even ended, meanwhile
    return live.job
  }

  /** A new job may be lost with the power, so that it cannot be promised. @throws `error` */
  private async unsynced(live: LiveJob, error: unknown): Promise<never> {
    await this.stopping.stop(live, { code: 'internal_error', message: 'The job could not be recorded.' })
    throw error
  }

  private refuseAtEnd(): void {
    if (this.closing) throw shuttingDown()
  }

  /** Takes a queued job into memory. @param first its first event, which readers are spared to look for in the store */
  private hold(job: Job, { first, fence }: { first?: LoggedEvent; fence?: number } = {}): LiveJob {
    const live = new LiveJob(job, first && [first], this.options.priceOf, this.options.tracing)
    live.fence = fence
    this.live.set(job.id, live)
    this.held.poke(job.id)
    this.admission.waits(live, this.options.places.of(job))
    return live
  }

  /** Into the queue, and to its start where a place is free. @param request spares its run to read it from the store */
  private enqueue(live: LiveJob, request?: JobRequest): void {
    live.request = request
    this.runner.enqueue(live)
    // one that has to wait is not to hold its prompt in memory
    if (live.started === null) live.request = undefined
  }

  private lineOf(replicas: Replicas): Elsewhere {
    const laneOf = (limiter: Limiter) => this.options.places.laneOf(limiter)
    return {
      waiting: (limiter) => replicas.queued(laneOf(limiter)),
      look: (limiter, owner) => replicas.countQueued(laneOf(limiter), owner),
    }
  }
}

function shuttingDown(): BridgeError {
  return new BridgeError('server_shutdown', 'The server is shutting down.', { retryAfter: 5 })
}
