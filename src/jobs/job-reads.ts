/** What can be asked about jobs. Changes nothing. A job that has not ended is held in memory beside its record; one that has is read from the store. */
import type { JobRequest } from '../request/job-request.js'
import { BridgeError } from '../errors/catalogue.js'
import { type Changes, JobChanges } from './changes.js'
import { Deferred, settled } from './deferred.js'
import type { LoggedEvent } from './events.js'
import { followLog, followStatus } from './follow.js'
import type { Job } from './job.js'
import type { LiveJob } from './live-job.js'
import { type Progress, untoldProgress } from './progress.js'
import { type ReadOptions, readLog } from './reader.js'
import type { Replicas } from './replicas.js'
import { requestOf } from './request-of.js'
import { hasExpired } from './retention.js'
import { isFinal } from './status.js'
import type { JobPage, JobQuery, JobStore, StoreHealth, UsageQuery, UsageSum } from './store.js'
import { within } from '../within.js'
import { UnreadableRecord } from './unreadable.js'
import { watchProgress, watchShared } from './watch.js'

/** The store's health is a write of its own; what was found counts this long. */
const healthForMs = 1000
/** A disk may hang; who asks for the health is told. */
const healthLimitMs = 5000

export class JobReads {
  protected readonly live = new Map<string, LiveJob>()
  /** what an earlier server left is taken up; until then any job of the store may come to be held. Rejects where the server ends before */
  protected readonly takenUp = new Deferred()
  private health: Promise<StoreHealth> | null = null
  /** by `performance.now()` */
  private healthAt = -Infinity

  /** told where this server comes to hold a job */
  protected readonly held = new JobChanges()
  /** no log of another server is followed any more */
  protected stopped = false

  constructor(
    protected readonly store: JobStore,
    private readonly replicas?: Replicas,
  ) {}

  /** The record, or null where `owner` has none of that id. @throws UnreadableRecord for one of theirs */
  async get(id: string, owner: string): Promise<Job | null> {
    const live = this.live.get(id)
    const notTheirs = (error: unknown) => {
      if (error instanceof UnreadableRecord && error.owner !== owner) return null
      throw error
    }
    // its events are counted in the log while the job lives, in the store from then on
    const job =
      live === undefined
        ? await this.store.get(id).catch(notTheirs)
        : { ...live.job, lastSeq: Math.max(live.job.lastSeq, live.log.shownSeq) }
    return job !== null && job.owner === owner && !hasExpired(job) ? job : null
  }

  /** Those of some ids whose jobs are there, of any owner. */
  async known(ids: readonly string[]): Promise<Set<string>> {
    const found = await this.store.known(ids, Date.now())
    for (const id of ids) if (this.live.has(id)) found.add(id)
    return found
  }

  /** What was asked, as it was submitted; null where `owner` has no job of that id. */
  async request(id: string, owner: string): Promise<JobRequest | null> {
    return (await this.get(id, owner)) === null ? null : requestOf(this.store, id)
  }

  /** How an unfinished job is getting on; null for one that has ended or that this server does not hold. */
  progress(id: string): Progress | null {
    const live = this.live.get(id)
    return live === undefined || live.log.closed ? null : live.progress
  }

  /** As {@link progress}, of several jobs and of whichever server runs them. */
  async progressOf(jobs: readonly Job[]): Promise<(id: string) => Progress | null> {
    const { replicas } = this
    if (replicas === undefined) return (id) => this.progress(id)
    const elsewhere = jobs.filter(({ id, status }) => !isFinal(status) && !this.live.has(id))
    const stored = elsewhere.length === 0 ? null : await replicas.progressOf(elsewhere.map(({ id }) => id))
    const found = new Map(
      elsewhere.map(({ id, status, createdAt }) => {
        const last = stored?.get(id) ?? untoldProgress(createdAt)
        // the server that had it before has not told that it waits again
        return [id, status === 'queued' ? { ...last, phase: status, tool: null } : last]
      }),
    )
    return (id) => this.progress(id) ?? found.get(id) ?? null
  }

  async list(query: JobQuery): Promise<JobPage> {
    const jobs: Job[] = []
    let { hasMore, cut, jobs: page } = await this.store.list(query)
    for (;;) {
      // the store has expired ones until they are pruned
      jobs.push(...page.filter((job) => !hasExpired(job)).map((job) => this.live.get(job.id)?.job ?? job))
      if (!hasMore || cut || jobs.length >= query.limit) break
      ;({ hasMore, cut, jobs: page } = await this.store.list({ ...query, after: page.at(-1)!.id }))
    }
    return { jobs: jobs.slice(0, query.limit), hasMore: hasMore || jobs.length > query.limit, cut }
  }

  /** See {@link readLog}. */
  read(id: string, options: ReadOptions): AsyncGenerator<LoggedEvent[]> {
    if (this.replicas !== undefined) return this.readShared(id, options, this.replicas)
    return this.takenUp.done ? readLog(this.store, id, this.live.get(id), options) : this.readLater(id, options)
  }

  /** For one whose job this server may still take up, so that its log goes on. */
  private async *readLater(id: string, options: ReadOptions): AsyncGenerator<LoggedEvent[]> {
    await settled(this.takenUp.promise, options.signal)
    yield* readLog(this.store, id, this.live.get(id), options)
  }

  /**
   * A reader comes back with the number of an event that it has had. Only a store that several servers share can have lost it since: the
   * embedded one waits for it. @throws BridgeError log_lost
   */
  refuseLost({ id, lastSeq }: Job, after: number): void {
    if (this.replicas === undefined || after <= lastSeq) return
    this.onLogLost()
    throw new BridgeError('log_lost', `The log of ${id} ends at event ${lastSeq}: what came after it was lost by the store.`)
  }

  protected onLogLost(): void {}

  /** From wherever the job runs: it may come to be run here, and another server may take it over. */
  private async *readShared(id: string, options: ReadOptions, replicas: Replicas): AsyncGenerator<LoggedEvent[]> {
    const { signal } = options
    for (let after = options.after; !signal.aborted; ) {
      const live = this.live.get(id)
      const source =
        live === undefined
          ? followLog(this.store, replicas, id, { after, signal, here: this.here })
          : readLog(this.store, id, live, { ...options, after })
      for await (const batch of source) {
        yield batch
        const last = batch.at(-1)!
        if (last.event.type === 'end') return
        after = last.seq
      }
      if (this.stopped) return
      // what was shown and never stored was not said
      if (live?.lost === true) after = Math.min(after, live.log.storedSeq)
      else if (live === undefined && !this.live.has(id)) return
      else if (live !== undefined && this.live.get(id) === live) return
    }
  }

  /** What the readers of other servers' logs have to know of this one. */
  private get here(): Changes & { has(id: string): boolean } {
    return { listen: (id, wake) => this.held.listen(id, wake), has: (id) => this.stopped || this.live.has(id) }
  }

  /** How many bytes the events of an unfinished job have carried since this server holds it; 0 for one that has ended. Of one that runs elsewhere, those that are stored. */
  said(id: string): number | Promise<number> {
    return this.live.get(id)?.log.said ?? this.replicas?.saidOf(id) ?? 0
  }

  /** See {@link watchProgress}. */
  watch(id: string, signal: AbortSignal): AsyncGenerator<{ seq: number; progress: Progress }> {
    const { replicas } = this
    if (replicas === undefined) return watchProgress(this.live.get(id), signal)
    return watchShared(id, signal, { find: () => this.live.get(id), replicas, here: this.here })
  }

  /** Resolves with the record when the job has ended, when `ms` have gone by, or on `signal`. */
  async wait(id: string, signal: AbortSignal, ms?: number): Promise<Job | null> {
    const from = performance.now()
    if (this.replicas !== undefined) return this.waitShared(id, signal, ms, this.replicas)
    let live = this.live.get(id)
    if (live === undefined && !this.takenUp.done) {
      const job = await this.store.get(id)
      if (job === null || isFinal(job.status)) return job
      // it may be taken up, and end then
      await settled(this.takenUp.promise, signal, ms)
      live = this.live.get(id)
    }
    if (live === undefined) return this.store.get(id)
    await settled(live.whenOver(), signal, ms === undefined ? undefined : ms - (performance.now() - from))
    return live.job
  }

  private async waitShared(id: string, signal: AbortSignal, ms: number | undefined, replicas: Replicas): Promise<Job | null> {
    const until = ms === undefined ? undefined : performance.now() + ms
    for (;;) {
      const left = until === undefined ? undefined : until - performance.now()
      const live = this.live.get(id)
      if (live === undefined) await followStatus(this.store, replicas, id, { signal, ms: left, here: this.here })
      else {
        await settled(live.whenOver(), signal, left)
        if (!live.lost) return live.job
      }
      const isLate = until !== undefined && performance.now() >= until
      if (!this.live.has(id) || signal.aborted || isLate || this.stopped) return this.live.get(id)?.job ?? this.store.get(id)
    }
  }

  /** The record of a job that has neither ended nor waits for a human; null for any other. The owner is not looked at. */
  atWork(id: string): Job | null {
    const live = this.live.get(id)
    return live === undefined || live.ending !== null || live.paused ? null : live.job
  }

  /** See {@link JobStore.usage}. */
  usage(query: UsageQuery): Promise<UsageSum[]> {
    return this.store.usage(query)
  }

  get storeKind(): StoreHealth['kind'] {
    return this.store.kind
  }

  /** @throws what the store says is wrong with it */
  storeHealth(): Promise<StoreHealth> {
    if (performance.now() - this.healthAt >= healthForMs) {
      this.healthAt = performance.now()
      this.health = within(this.store.health(), healthLimitMs, 'the job database does not answer')
    }
    return this.health!
  }
}
