/** Records and logs for a store's tests. */
import { randomBytes } from 'node:crypto'
import { type Answer, addToAnswer, emptyAnswer } from '../../../src/jobs/answer.js'
import type { JobEvent, LoggedEvent } from '../../../src/jobs/events.js'
import { fold } from '../../../src/jobs/fold.js'
import type { Job } from '../../../src/jobs/job.js'
import type { FinalStatus } from '../../../src/jobs/status.js'
import type { Append, JobStore } from '../../../src/jobs/store.js'

export const epoch = 1_790_000_000_000

/** A record as a scheduler would make it. */
export function jobWith(members: Partial<Job> = {}): Job {
  return {
    id: `task_${randomBytes(12).toString('hex')}`,
    owner: 'anna',
    status: 'queued',
    model: 'sonnet',
    background: false,
    metadata: {},
    view: { ignored: [] },
    choices: 1,
    attempts: 0,
    createdAt: epoch,
    startedAt: null,
    completedAt: null,
    expiresAt: null,
    ttlS: 3600,
    timeoutS: 600,
    lastSeq: 1,
    answer: null,
    error: null,
    review: null,
    ...members,
  }
}

/** Numbers events for a log, beginning with `from`. */
export function logged(from: number, ...events: JobEvent[]): LoggedEvent[] {
  return events.map((event, i) => ({ seq: from + i, at: epoch + from + i, event }))
}

export const queued = logged(1, { type: 'status', status: 'queued' })[0]!
export const running: JobEvent = { type: 'status', status: 'in_progress', phase: 'starting' }

export const text = (words: string) => ({ type: 'text', choice: 0, text: words }) as const

/** The event that ends a job. */
export const ending = (status: FinalStatus): JobEvent => ({ type: 'end', status, error: null })

export async function addJob(store: JobStore, members: Partial<Job> = {}): Promise<string> {
  const job = jobWith(members)
  await store.create(job, { prompt: 'hi' }, queued)
  return job.id
}

/** What a writer gives that has read the record and the log. @param after where it believes the log to end; left out: where it does */
export async function writeOf(store: JobStore, id: string, events: readonly JobEvent[], after?: number): Promise<Append> {
  const job = await store.get(id)
  if (job === null) throw new Error(`there is no job ${id}`)
  const from = after ?? job.lastSeq
  const next = logged(from + 1, ...events)
  return { id, after: from, events: next, record: fold(job, next, await answerOf(store, job, next)) }
}

/** Appends to a job's log as its only writer does. @throws what the store says of it */
export async function put(store: JobStore, id: string, ...events: JobEvent[]): Promise<void> {
  const [refused] = await store.append([await writeOf(store, id, events)])
  if (refused != null) throw refused
}

/** The record as its whole log makes it. */
export async function refolded(store: JobStore, created: Job): Promise<Job> {
  const events = await store.events(created.id, 0, 10_000)
  const answer = emptyAnswer()
  let record = created
  for (const event of events) {
    addToAnswer(answer, event.event)
    record = fold(record, [event], structuredClone(answer))
  }
  return record
}

async function answerOf(store: JobStore, { id }: Job, next: readonly LoggedEvent[]): Promise<Answer> {
  const answer = emptyAnswer()
  for (const { event } of [...(await store.events(id, 0, 100_000)), ...next]) addToAnswer(answer, event)
  return answer
}
