/** The record of a job: what is stored, and what every reader of it starts from. */
import type { JobRequest } from '../request/job-request.js'
import type { Failure } from '../errors/catalogue.js'
import type { Answer } from './answer.js'
import type { Lane } from '../request/lane.js'
import type { Review } from './review.js'
import type { JobStatus } from './status.js'

/** Times are milliseconds since the epoch. */
export interface Job {
  /** `task_` and 24 characters */
  id: string
  /** Name of the API key that asked, given or made of its hash, or `anonymous`. A key sees its own jobs only. */
  owner: string
  status: JobStatus
  /** The model's name as the caller wrote it. */
  model: string
  /** Whether the job outlives the connection that asked for it. */
  background: boolean
  metadata: Record<string, string>
  /** What a view of the job has to say that is no event: fields named as ignored, the caller's `user`. */
  view: JobView
  /** How many runs the job is made of (`n`). */
  choices: number
  attempts: number
  createdAt: number
  startedAt: number | null
  completedAt: number | null
  /** When the record may be forgotten; null while the job is unfinished. */
  expiresAt: number | null
  /** Seconds after its end that the record stays readable. */
  ttlS: number
  /** Seconds that the job may run, counted from its start. */
  timeoutS: number
  /** Highest sequence number stored. */
  lastSeq: number
  /** Set once, at the end. */
  answer: Answer | null
  error: Failure | null
  /** What a human has been asked to decide; stays there after a decision to try again. */
  review: Review | null
}

export interface JobView {
  ignored: string[]
  user?: string
  /** an http(s) URL that is told how the job ends */
  webhookUrl?: string
  /** calls are told as OpenAI's former `function_call` */
  formerCalls?: boolean
  /** the answer says which tier it had */
  tellTier?: boolean
  /** US dollars that it may cost; left out: no limit */
  maxCostUsd?: number
  /** how many jobs are above this one; left out: none */
  depth?: number
  /** where its runs begin; left out: `process` */
  lane?: Lane
  /** the job that asked for this one with its token; left out: a client from outside */
  parent?: string
  /** the job whose request this one has; left out: a request of its own */
  retryOf?: string
  /** `x-request-id` of the request that asked for it; for the log */
  requestId?: string
  [key: string]: unknown
}

/** What a client asks to have done. `request` is the executor's business alone and must survive JSON. */
export interface NewJob {
  owner: string
  model: string
  background: boolean
  metadata: Record<string, string>
  view: JobView
  choices: number
  ttlS: number
  timeoutS: number
  request: JobRequest
  idempotency?: Idempotency
}

/** `hash` covers the whole body, so that the same key with another body is found out. */
export interface Idempotency {
  key: string
  hash: string
}
