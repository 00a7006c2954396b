/** One log line for each job's end. Holds nothing that a user or a model has written, but for the model's name. */
import type { FastifyBaseLogger } from 'fastify'
import type { Usage } from './jobs/events.js'
import type { Job } from './jobs/job.js'
import type { JobObserver } from './jobs/observer.js'
import { traceIdOf } from './request/trace-context.js'

export function endLines(log: Pick<FastifyBaseLogger, 'info'>): JobObserver {
  return {
    answering() {},
    ended(job, firstTokenMs) {
      log.info(endLine(job, firstTokenMs), 'job ended')
    },
  }
}

function endLine(job: Job, firstTokenMs: number | null) {
  const usage = job.answer?.usage ?? null
  return {
    task: job.id,
    // null: asked for before requests were noted
    request_id: job.view.requestId ?? null,
    ...(job.view.trace !== undefined && { trace_id: traceIdOf(job.view.trace) }),
    owner: job.owner,
    model: job.model,
    status: job.status,
    code: job.error?.code ?? null,
    // one that ended in the queue has waited all the time
    queue_ms: span(job.createdAt, job.startedAt ?? job.completedAt),
    first_token_ms: firstTokenMs,
    total_ms: span(job.createdAt, job.completedAt),
    tokens: usage === null ? null : tokens(usage),
  }
}

function tokens({ inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens }: Usage) {
  return { input: inputTokens, cache_read: cacheReadTokens, cache_write: cacheWriteTokens, output: outputTokens }
}

/** The clock may be set back between two servers; a length of time is never negative. */
function span(from: number, to: number | null): number | null {
  return to === null ? null : Math.max(0, Math.round(to - from))
}
