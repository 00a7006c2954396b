/**
 * What becomes of the jobs that a killed server had not ended. Queued ones run. One that was running runs again if nothing
 * of it can have been delivered and it used no tools; else it ends as `interrupted`, for a second run could say something else.
 */
import { addToAnswer, answerOrNull, emptyAnswer } from './answer.js'
import type { LoggedEvent } from './events.js'
import type { Job } from './job.js'
import type { JobStore } from './store.js'

export interface Recovered {
  /** to be held and queued, oldest first */
  resumed: Job[]
  /** wait for a human */
  paused: Job[]
  counts: { queued: number; rerun: number; interrupted: number }
}

export async function recover(store: JobStore): Promise<Recovered> {
  const resumed: Job[] = []
  const paused: Job[] = []
  const counts = { queued: 0, rerun: 0, interrupted: 0 }
  for (const { job, delivered, usedTools } of await store.unfinished()) {
    if (job.status === 'requires_action') paused.push(job)
    else if (job.status === 'queued') {
      counts.queued += 1
      resumed.push(job)
    } else if (delivered || usedTools) {
      counts.interrupted += 1
      await interrupt(store, job)
    } else {
      counts.rerun += 1
      resumed.push(await requeue(store, job))
    }
  }
  return { resumed, paused, counts }
}

async function requeue(store: JobStore, job: Job): Promise<Job> {
  const event: LoggedEvent = {
    seq: job.lastSeq + 1,
    at: Date.now(),
    event: { type: 'status', status: 'queued', phase: 'queued', reason: 'the server was restarted' },
  }
  await store.update(job.id, { status: 'queued', startedAt: null }, [event])
  return { ...job, status: 'queued', startedAt: null, lastSeq: event.seq }
}

async function interrupt(store: JobStore, job: Job): Promise<void> {
  const said = emptyAnswer()
  for (let after = 0; ; ) {
    const page = await store.events(job.id, after, 500)
    if (page.length === 0) break
    for (const { event } of page) addToAnswer(said, event)
    after = page.at(-1)!.seq
  }
  const now = Date.now()
  const answer = answerOrNull(said)
  const error = { code: 'interrupted', message: 'The server was stopped while the job ran.' } as const
  const end: LoggedEvent = { seq: job.lastSeq + 1, at: now, event: { type: 'end', status: 'failed', error } }
  const change = { status: 'failed', completedAt: now, expiresAt: now + job.ttlS * 1000, answer, error } as const
  await store.update(job.id, change, [end])
}
