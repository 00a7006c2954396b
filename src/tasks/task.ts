import type { Job } from '../jobs/job.js'
import type { Progress } from '../jobs/progress.js'
import type { JobPage } from '../jobs/store.js'
import { bridgeOf } from '../openai/out/bridge.js'
import { hasResult, toCompletion } from '../openai/out/completion.js'
import { toFiles } from './left-files.js'
import { errorObject } from '../openai/out/error-body.js'
import { toReview } from './review.js'
import type { Task, TaskList } from '../openai/out/response-schemas.js'
import { toUsage } from '../openai/out/usage.js'

/**
 * A job -> the task of `/tasks`. Times are Unix seconds. `progress` is what the running job says of itself; null where
 * nothing is running.
 */
export function toTask(job: Job, progress: Progress | null = null): Task {
  const usage = job.answer?.usage ?? null
  const task: Task = {
    id: job.id,
    object: 'task',
    status: job.status,
    created_at: Math.floor(job.createdAt / 1000),
    started_at: seconds(job.startedAt),
    completed_at: seconds(job.completedAt),
    expires_at: seconds(job.expiresAt),
    model: job.model,
    background: job.background,
    metadata: job.metadata,
    progress: progress === null ? null : toProgress(progress),
    attempts: job.attempts,
    sequence_number: job.lastSeq,
    result: hasResult(job) ? toCompletion(job) : null,
    error: job.error === null ? null : errorObject(job.error),
    usage: usage === null ? null : toUsage(usage),
    files: toFiles(job.answer?.files ?? []),
    bridge: bridgeOf(job),
  }
  if (job.status === 'requires_action' && job.review !== null) task.review = toReview(job.review)
  if (job.view.user !== undefined) task.user = job.view.user
  if (job.view.retryOf !== undefined) task.retry_of = job.view.retryOf
  return task
}

/** A page of the store -> OpenAI's list; `progress` is asked for each job. */
export function toTaskList(page: Pick<JobPage, 'jobs' | 'hasMore'>, progress: (id: string) => Progress | null = () => null): TaskList {
  return {
    object: 'list',
    data: page.jobs.map((job) => toTask(job, progress(job.id))),
    first_id: page.jobs[0]?.id ?? null,
    last_id: page.jobs.at(-1)?.id ?? null,
    has_more: page.hasMore,
  }
}

function toProgress(progress: Progress): NonNullable<Task['progress']> {
  return {
    phase: progress.phase,
    last_activity: Math.floor(progress.lastSignOfLife / 1000),
    characters: progress.characters,
    output_tokens: progress.outputTokens,
    tool: progress.tool,
  }
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : Math.floor(ms / 1000)
}
