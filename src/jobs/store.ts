/**
 * Where jobs live. One small interface; `test/jobs/conformance/` is what every implementation has to pass.
 *
 * Rules all stores keep:
 * - What a returned promise has acknowledged survives `kill -9` and a power cut; only `kill -9`, until the next write is acknowledged, where the
 *   caller says that this will do.
 * - Events of a job are numbered by the caller from 1 without gaps; a number is written once, so of several writers with the same
 *   `after` exactly one wins.
 * - The stored record is the fold of the stored log; nothing follows the event that ends it.
 * - A record that cannot be read fails what asks for it with `UnreadableRecord`, and is left out of `list` and `unfinished`.
 * - `request` is kept apart from the record, so that listing and polling never load a prompt.
 */
import type { LoggedEvent } from './events.js'
import type { Idempotency, Job } from './job.js'
import type { KeyStore } from './keys.js'
import type { Progress } from './progress.js'
import type { UsageRow } from './spending.js'
import type { JobStatus } from './status.js'
import type { WebhookStore } from './webhooks.js'

export interface JobStore {
  /**
   * Stores a new job with its request and its first event in one transaction. `synced` resolves when it survives a power cut; before, it
   * survives `kill -9`.
   * With `idempotency`, an earlier job of the same owner and key is looked up in the same transaction: it is returned with
   * `created: false` (and nothing is stored) unless it ended `failed` or `cancelled`, in which case the key passes on to
   * the new job. `sameBody` says whether the hashes agree.
   */
  create(
    job: Job,
    request: unknown,
    first: LoggedEvent,
    idempotency?: Idempotency,
  ): Promise<{ created: true; synced: Promise<void> } | { created: false; job: Job; sameBody: boolean }>

  /** The job that `create` would return in place of a new one, or null; read only, so another may be first to make one. */
  earlier(owner: string, idempotency: Idempotency): Promise<{ job: Job; sameBody: boolean } | null>

  /** The record, or null for an unknown id. */
  get(id: string): Promise<Job | null>

  /** The request as stored, and the format of the version that wrote it; null for an unknown id. */
  request(id: string): Promise<{ format: number; request: unknown } | null>

  list(query: JobQuery): Promise<JobPage>

  /** Those of some ids whose jobs are there and have not expired by `now`. */
  known(ids: readonly string[], now: number): Promise<Set<string>>

  /** What the jobs of an owner take, in bytes: their requests, events and answers, and the files that they have left. */
  storedBytes(owner: string): Promise<number>

  /** What owners have used, sums by hour of UTC at the finest; it outlives the jobs by 400 days. In the order of time, owner and model. */
  usage(query: UsageQuery): Promise<UsageSum[]>

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
   * The only write of a job after `create`, of many jobs in one transaction: their events, and their records as `fold` makes them of the
   * events. A job whose log ends elsewhere than the writer believes, that has ended or is unknown is refused with {@link Superseded}:
   * nothing of it is written, and the others are. The results are in the order of `writes`; null: it is stored. Rejects where the store
   * cannot write at all. `synced: false`: see the first rule.
   */
  append(writes: readonly Append[], how?: { synced: boolean }): Promise<(Error | null)[]>

  /** Notes that a job goes on without the client that asked for it. Once said it stays, whatever a record in `append` says. */
  keep(id: string): Promise<void>

  /** Notes how many servers, in a row, were killed while the job ran. Beside the record, as it is none of its readers' business. */
  countDeaths(id: string, deaths: number): Promise<void>

  /** Up to `limit` stored events with a number above `after`, in order. */
  events(id: string, after: number, limit: number): Promise<LoggedEvent[]>

  /** Forgets one job with all that belongs to it. False for an unknown id. */
  delete(id: string): Promise<boolean>

  readonly kind: StoreHealth['kind']

  readonly webhooks: WebhookStore

  readonly keys: KeyStore

  /** Forgets what has expired by `now`; says how many. */
  prune(now: number): Promise<number>

  /**
   * Gives back to the file system what forgotten jobs took, in steps, as long as `isIdle` says so; nothing where the store keeps no file of its
   * own. Rejects if the store cannot.
   */
  giveBack(isIdle: () => boolean): Promise<void>

  /** Writes and reads something; rejects if the store cannot. */
  health(): Promise<StoreHealth>

  close(): Promise<void>
}

export interface Append {
  id: string
  /** number of the last event that the writer knows of */
  after: number
  /** from `after` + 1 on, without gaps */
  events: LoggedEvent[]
  /** null: the events change nothing of it but the number of the last one */
  record: Job | null
  /** the number of the claim that the writer holds, on a store that several servers share; one that has passed on is refused. Left out: none is held */
  fence?: number
  /** for the readers of other servers; left out: there are none */
  progress?: Progress
  /** what is added to the usage of the job's owner, at the time of the write; left out: nothing */
  usage?: readonly UsageRow[]
}

/** Usage by what was asked for; null: all of them together. */
export interface UsageSum extends Omit<UsageRow, 'model'> {
  owner: string | null
  model: string | null
  /** when it begins, in seconds since 1970 */
  from: number | null
}

export interface UsageQuery {
  /** undefined: of all owners */
  owner?: string
  /** seconds since 1970; hours that begin from `from` on and before `to` */
  from: number
  to: number
  by: { owner?: boolean; model?: boolean; span?: 'hour' | 'day' }
  /** at most so many sums */
  limit: number
}

/** Another writer has been there: what this one wanted to store is out of date. */
export class Superseded extends Error {
  override readonly name = 'Superseded'

  constructor(id: string, after: number) {
    super(`${id} has gone on since event ${after}`)
  }
}

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
  /** it has fewer than asked for, since their answers are long */
  cut: boolean
}

export interface StoreHealth {
  kind: 'sqlite' | 'redis'
  /** jobs on record */
  jobs: number
  /** records that were met since the start and cannot be read */
  unreadable: { id: string; part: string }[]
  /** what could lose records, each with its setting; left out where nothing could */
  warnings?: readonly string[]
}
