/** A job -> OpenAI's response object. */
import { catalogue, type Failure } from '../../errors/catalogue.js'
import type { Job } from '../../jobs/job.js'
import { isFinal } from '../../jobs/status.js'
import { bridgeOf } from '../out/bridge.js'
import { errorObject } from '../out/error-body.js'
import type { ResponseEcho } from './echo.js'
import { responseId } from './ids.js'
import type { OutputItem, ResponseObject } from './response-schemas.js'
import { toResponseUsage } from './usage.js'

type Status = ResponseObject['status']

/** `output`: the items of its log; those of an unfinished job are not shown. */
export function toResponse(job: Job, echo: ResponseEcho, output: OutputItem[]): ResponseObject {
  const usage = job.answer?.usage ?? null
  return {
    ...before(job, echo, statusOf(job)),
    completed_at: job.status === 'completed' && job.completedAt !== null ? Math.floor(job.completedAt / 1000) : null,
    error: job.error === null || job.status === 'cancelled' ? null : toError(job.error),
    incomplete_details: job.status === 'incomplete' ? { reason: reasonOf(job) } : null,
    output: isFinal(job.status) ? output : [],
    usage: usage === null ? null : toResponseUsage(usage),
    bridge: { ...bridgeOf(job), error: job.error === null ? null : errorObject(job.error) },
  }
}

/** What the events before the last one show: only what never changes, so that a stream can be told again. */
export function before(job: Job, echo: ResponseEcho, status: Status): ResponseObject {
  return {
    id: responseId(job.id),
    object: 'response',
    created_at: Math.floor(job.createdAt / 1000),
    completed_at: null,
    status,
    error: null,
    incomplete_details: null,
    model: job.model,
    output: [],
    ...echo,
    metadata: job.metadata,
    usage: null,
    user: job.view.user ?? null,
  }
}

function statusOf({ status }: Job): Status {
  // a job that waits for a review is on its way to its answer
  return status === 'requires_action' ? 'in_progress' : status
}

function reasonOf(job: Job): 'max_output_tokens' | 'content_filter' {
  return job.answer?.choices[0]?.finish === 'length' ? 'max_output_tokens' : 'content_filter'
}

/** OpenAI has few codes for a response; ours stands in `bridge.error`. */
function toError({ code, message }: Failure): NonNullable<ResponseObject['error']> {
  const { status } = catalogue[code]
  const known = status === 429 ? 'rate_limit_exceeded' : status === 400 || status === 413 ? 'invalid_prompt' : 'server_error'
  return { code: known, message }
}
