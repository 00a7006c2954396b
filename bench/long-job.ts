/** A finished job with a long answer, put into a data directory before a server takes it up. */
import { addToAnswer, emptyAnswer } from '../src/jobs/answer.js'
import { fold } from '../src/jobs/fold.js'
import { newJobId } from '../src/jobs/ids.js'
import type { LoggedEvent } from '../src/jobs/events.js'
import type { Job, JobView } from '../src/jobs/job.js'
import { openSqliteStore } from '../src/jobs/sqlite/store.js'

/** @returns its id; its log has exactly `count` events, the end included */
export async function seedLongJob(dataDir: string, count: number, more: Partial<JobView> = {}): Promise<string> {
  const store = await openSqliteStore({ dataDir })
  try {
    const at = Date.now()
    const logged = (seq: number, event: LoggedEvent['event']): LoggedEvent => ({ seq, at, event })
    const job: Job = {
      id: newJobId(),
      owner: 'anonymous',
      status: 'queued',
      model: 'sonnet',
      background: true,
      metadata: {},
      view: { ignored: [], ...more },
      choices: 1,
      attempts: 1,
      createdAt: at,
      startedAt: at,
      completedAt: null,
      expiresAt: null,
      ttlS: 3600,
      timeoutS: 3600,
      lastSeq: 1,
      answer: null,
      error: null,
      review: null,
    }
    await store.create(job, {}, logged(1, { type: 'status', status: 'queued', phase: 'queued' }))
    const words = Array.from({ length: count - 3 }, (_, index) => ` word-${index}`)
    const texts = words.map((text, index) => logged(index + 2, { type: 'text', choice: 0, text }))
    const finish = logged(count - 1, { type: 'finish', choice: 0, reason: 'stop' })
    const answer = emptyAnswer()
    for (const { event } of [...texts, finish]) addToAnswer(answer, event)
    const events = [...texts, finish, logged(count, { type: 'end', status: 'completed', error: null })]
    await store.append([{ id: job.id, after: 1, events, record: fold(job, events, answer) }])
    return job.id
  } finally {
    await store.close()
  }
}
