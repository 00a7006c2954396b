/** What can be asked about jobs. Changes nothing. A job that has not ended is held in memory beside its record; one that has is read from the store. */
import type { JobRequest } from '../request/job-request.js'
import { Deferred, settled } from './deferred.js'
import type { LoggedEvent } from './events.js'
import type { Job } from './job.js'
import type { LiveJob } from './live-job.js'
import type { Progress } from './progress.js'
import { type ReadOptions, readLog } from './reader.js'
import { requestOf } from './request-of.js'
import { hasExpired } from './retention.js'
import { isFinal } from './status.js'
import type { JobPage, JobQuery, JobStore, StoreHealth } from './store.js'
import { within } from '../within.js'
import { UnreadableRecord } from './unreadable.js'
import { watchProgress } from './watch.js'

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

  constructor(protected readonly store: JobStore) {}

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
    return this.takenUp.done ? readLog(this.store, id, this.live.get(id), options) : this.readLater(id, options)
  }

  /** For one whose job this server may still take up, so that its log goes on. */
  private async *readLater(id: string, options: ReadOptions): AsyncGenerator<LoggedEvent[]> {
    await settled(this.takenUp.promise, options.signal)
    yield* readLog(this.store, id, this.live.get(id), options)
  }

  /** How many bytes the events of an unfinished job have carried since this server holds it; 0 for one that has ended. */
  said(id: string): number {
    return this.live.get(id)?.log.said ?? 0
  }

  /** See {@link watchProgress}. */
  watch(id: string, signal: AbortSignal): AsyncGenerator<{ seq: number; progress: Progress }> {
    return watchProgress(this.live.get(id), signal)
  }

  /** Resolves with the record when the job has ended, when `ms` have gone by, or on `signal`. */
  async wait(id: string, signal: AbortSignal, ms?: number): Promise<Job | null> {
    const from = performance.now()
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

  /** The record of a job that has neither ended nor waits for a human; null for any other. The owner is not looked at. */
  atWork(id: string): Job | null {
    const live = this.live.get(id)
    return live === undefined || live.ending !== null || live.paused ? null : live.job
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
