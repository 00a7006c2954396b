/** Jobs made from events, folded as the job layer folds them. */
import { addToAnswer, emptyAnswer } from '../../src/jobs/answer.js'
import type { JobEvent } from '../../src/jobs/events.js'
import type { Job } from '../../src/jobs/job.js'
import { createChunker } from '../../src/openai/out/chunks.js'
import { completionId } from '../../src/openai/out/ids.js'
import type { Chunk } from '../../src/openai/out/response-schemas.js'

export const say = (text: string, choice = 0): JobEvent => ({ type: 'text', choice, text })
export const think = (text: string, choice = 0): JobEvent => ({ type: 'reasoning', choice, text })
export const finish = (more: Partial<Extract<JobEvent, { type: 'finish' }>> = {}): JobEvent => ({
  type: 'finish',
  choice: 0,
  reason: 'stop',
  ...more,
})
export const spent = (choice = 0): JobEvent => ({
  type: 'usage',
  choice,
  usage: { inputTokens: 3, cacheReadTokens: 20, cacheWriteTokens: 100, outputTokens: 7, reasoningTokens: null },
  costUsd: 0.25,
  model: 'claude-sonnet-5-5',
  sessionId: 'session',
})

/** A job whose run said `events`; completed unless `more` says something else. */
export function jobOf(events: JobEvent[], more: Partial<Job> = {}): Job {
  const answer = emptyAnswer()
  for (const event of events) addToAnswer(answer, event)
  return {
    id: 'task_abcdefghijklmnopqrstuvwx',
    owner: 'anonymous',
    status: 'completed',
    model: 'max/text-general',
    background: false,
    metadata: {},
    view: { ignored: ['seed'] },
    choices: 1,
    attempts: 1,
    createdAt: 1_700_000_000_900,
    startedAt: 1_700_000_001_000,
    completedAt: 1_700_000_003_500,
    expiresAt: 1_700_086_403_500,
    ttlS: 86_400,
    timeoutS: 1800,
    lastSeq: events.length,
    answer,
    error: null,
    review: null,
    ...more,
  }
}

/** The whole stream of a job, as the route sends it. */
export function stream(events: JobEvent[], job: Job, includeUsage = false): Chunk[] {
  const { id, createdAt, model, choices } = job
  const created = Math.floor(createdAt / 1000)
  const chunker = createChunker({ id: completionId(id), created, model, choices, includeUsage })
  return [...chunker.role(), ...events.flatMap((event) => chunker.event(event)), ...chunker.end(job)]
}
