/**
 * Where jobs live. One small interface; `test/jobs/conformance.ts` is what every implementation has to pass.
 *
 * Rules all stores keep:
 * - What a returned promise has acknowledged survives `kill -9` and a power cut; only `kill -9`, until the next write is acknowledged, where the
 *   caller says that this will do.
 * - Events of a job are numbered by the caller from 1 without gaps; a number is written once.
 * - `finish` moves a job to a final status exactly once; whoever comes second gets false and changes nothing.
 * - A record that cannot be read fails what asks for it with `UnreadableRecord`, and is left out of `list` and `unfinished`.
 * - `request` is kept apart from the record, so that listing and polling never load a prompt.
 */
import type { LoggedEvent } from './events.js'
import type { Idempotency, Job } from './job.js'
import type { JobStatus } from './status.js'
import type { WebhookStore } from './webhooks.js'

export interface JobStore {
  /**
   * Stores a new job with its request and its first event in one transaction.
   * With `idempotency`, an earlier job of the same owner and key is looked up in the same transaction: it is returned with
   * `created: false` (and nothing is stored) unless it ended `failed` or `cancelled`, in which case the key passes on to
   * the new job. `sameBody` says whether the hashes agree.
   */
  create(
    job: Job,
    request: unknown,
    first: LoggedEvent,
    idempotency?: Idempotency,
  ): Promise<{ created: true } | { created: false; job: Job; sameBody: boolean }>

  /** The job that `create` would return in place of a new one, or null; read only, so another may be first to make one. */
  earlier(owner: string, idempotency: Idempotency): Promise<{ job: Job; sameBody: boolean } | null>

  /** The record, or null for an unknown id. */
  get(id: string): Promise<Job | null>

  /** The request as stored, and the format of the version that wrote it; null for an unknown id. */
  request(id: string): Promise<{ format: number; request: unknown } | null>

  list(query: JobQuery): Promise<JobPage>

  /** Those of some ids whose jobs are there and have not expired by `now`. */
  known(ids: readonly string[], now: number): Promise<Set<string>>

  /**
   * Notes that a server is at work from now on. Says whether the one before ended in order, which is true where there was none: false
   * where it was killed, or ended after a fault.
   */
  begin(): Promise<{ inOrder: boolean }>

  /** Notes that the server ends in order: none of its jobs runs any more. */
  endInOrder(): Promise<void>

  /** Every job that has not ended, oldest first. */
  unfinished(): Promise<UnfinishedJob[]>

  /**
   * Writes changes of one record, and events of its log, in one transaction. False, and nothing is written, if the stored
   * status is final already, or if the job is unknown. `synced: false`: see the first rule.
   */
  update(id: string, change: JobChange, events: LoggedEvent[], how?: { synced: boolean }): Promise<boolean>

  /** Writes events of many jobs in one transaction. Events of unknown jobs are dropped. */
  append(batch: { id: string; events: LoggedEvent[] }[]): Promise<void>

  /** Up to `limit` stored events with a number above `after`, in order. */
  events(id: string, after: number, limit: number): Promise<LoggedEvent[]>

  /** Forgets one job with all that belongs to it. False for an unknown id. */
  delete(id: string): Promise<boolean>

  readonly webhooks: WebhookStore

  /** Forgets what has expired by `now`; says how many. */
  prune(now: number): Promise<number>

  /** Writes and reads something; rejects if the store cannot. */
  health(): Promise<StoreHealth>

  close(): Promise<void>
}

export type JobChange = Partial<
  Pick<Job, 'status' | 'attempts' | 'startedAt' | 'completedAt' | 'expiresAt' | 'answer' | 'error' | 'background' | 'review'> &
    Pick<UnfinishedJob, 'deaths'>
>

export interface UnfinishedJob {
  job: Job
  /** read off its stored events */
  delivered: boolean
  usedTools: boolean
  /** how many servers, in a row, were killed while the job ran; 0 for a new job */
  deaths: number
}

export interface JobQuery {
  /** undefined: of all owners */
  owner?: string
  status?: JobStatus
  model?: string
  /** 1 to 100 */
  limit: number
  /** id of the last item of the page before */
  after?: string
  order: 'asc' | 'desc'
}

export interface JobPage {
  jobs: Job[]
  hasMore: boolean
}

export interface StoreHealth {
  kind: 'sqlite' | 'redis' | 'postgres'
  /** jobs on record */
  jobs: number
  /** records that were met since the start and cannot be read */
  unreadable: { id: string; part: string }[]
}
