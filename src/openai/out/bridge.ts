import { ignoredOf } from '../../jobs/ignored-of.js'
import type { Job } from '../../jobs/job.js'
import type { Bridge } from './response-schemas.js'

/** The one member the bridge adds to OpenAI's answers; the same in a completion, a stream and a task. */
export function bridgeOf(job: Job): Bridge {
  const cut = job.answer?.choices.find(({ cause }) => cause !== undefined)?.cause
  return {
    task_id: job.id,
    model: job.answer?.model ?? null,
    attempts: job.attempts,
    ignored: ignoredOf(job),
    ...(cut !== undefined && { reason: cut }),
    cost_usd: job.answer?.costUsd ?? null,
    duration_ms: span(job.startedAt, job.completedAt),
    // a job that ended in the queue has waited as well, and never worked
    queue_ms: span(job.createdAt, job.startedAt ?? job.completedAt),
    ...(job.answer?.overheadMs !== undefined && { overhead_ms: job.answer.overheadMs }),
    session_id: job.answer?.sessionId ?? null,
  }
}

/** The clock may be set back in between; a length of time is never negative. */
function span(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, Math.round(to - from))
}
