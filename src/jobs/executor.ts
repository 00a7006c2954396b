/** What jobs know of the thing that does the work: `claude` implements this, other upstreams will. */
import type { Failure } from '../errors/catalogue.js'
import type { CutCause, Finish, JobEvent } from './events.js'
import type { JobRequest } from '../request/job-request.js'
import type { Review } from './review.js'
import type { Charge } from './spending.js'
import type { Seat } from './seat.js'
import type { Span } from './trace.js'
import type { Waits } from './waits.js'

/** One run of one choice of a job. `Request`: the kinds that the executor takes. */
export interface Run<Request = JobRequest> {
  jobId: string
  /** whose job it is: nothing of a run may serve another owner's */
  owner: string
  /** index of the choice this run makes */
  choice: number
  request: Request
  /** set where a human has asked for more attempts */
  review?: Review | null
  /** Aborted when the job is cancelled, runs out of time or the server ends; the run must then end within a second. */
  signal: AbortSignal
  /** Appends to the job's log. Events of a run that has given its outcome are dropped. */
  emit(event: JobEvent): void
  /** A call of a model's API has taken tokens, whatever becomes of it. Left out: it is not counted. */
  spent?(charge: Charge): void
  /** Why no other call of a model's API may be made; null where one may. Asked between two calls. Left out: one always may. */
  cutBy?(): CutCause | null
  /** A sign of life that is no event: moves the silence limit on. */
  alive(): void
  /** where the run is at work; it begins with a place of its job's lane */
  seat: Seat
  /** what the run's own spans stand below; left out: it belongs to no trace */
  span?: Span
  /** counts how long it waits for others; left out: it is not counted */
  waits?: Waits
  /** Something that should not happen: the cause of a fault of ours, which the job's failure does not tell. Left out: it is told nowhere. */
  trouble?(message: string, error: unknown): void
}

/**
 * A run in its two ends: `outcome` as soon as the answer is complete or is known to fail, `gone` when nothing of the run is
 * left (processes, files). Neither rejects.
 */
export interface Execution {
  outcome: Promise<Outcome>
  gone: Promise<void>
}

/** How a run ended; decided once, the first cause wins. */
export type Outcome =
  | { kind: 'finished'; reason: Finish; refusal?: string; cause?: CutCause }
  | { kind: 'failed'; failure: Failure }
  /** only a human can go on */
  | { kind: 'review'; review: Review }
  /** the signal was aborted before the run ended by itself */
  | { kind: 'aborted' }

/** The outcome of a run that may not go on. */
export function cutShort(cause: CutCause): Extract<Outcome, { kind: 'finished' }> {
  return { kind: 'finished', reason: 'length', cause }
}

export interface Executor<Request = JobRequest> {
  run(run: Run<Request>): Execution
}
