/**
 * What becomes of the jobs that an earlier server had not ended. Queued ones run. One that was running runs again if nothing of it can
 * have been delivered and it used no tools; else it ends as `interrupted`, for a second run could say something else.
 *
 * A job that kills its server would do so for ever. So where the server before did not end in order, each job that was running is
 * counted (`deaths`) before anything else is done with it; at the second count in a row it is set aside: it ends as `interrupted`, and
 * neither its run nor its log is looked at again. Until then a job with a count is a suspect: suspects run one at a time, so that the
 * next death counts against one of them only.
 */
import { type Answer, addToAnswer, emptyAnswer } from './answer.js'
import type { JobEvent, LoggedEvent } from './events.js'
import { fold } from './fold.js'
import type { Job } from './job.js'
import { emptyRow } from './spending.js'
import type { JobStore } from './store.js'
import { unlessUnreadable } from './unreadable.js'

export interface Resumed {
  job: Job
  /** the server before was killed while it ran */
  suspect: boolean
}

export interface Recovered {
  /** to be held and queued, oldest first */
  resumed: Resumed[]
  /** wait for a human */
  paused: Job[]
  counts: { queued: number; rerun: number; interrupted: number }
}

/** Servers that may be killed, in a row, while a job runs. */
const mostDeaths = 2

export interface RecoveryListener {
  /** told of each job that kills its server and does not run again */
  onSetAside: (message: string, jobId: string) => void
  /** told of each job that is ended here, with its last record */
  onEnded: (job: Job) => void
}

/** `inOrder`: how the server before ended. */
export async function recover(store: JobStore, inOrder: boolean, { onSetAside, onEnded }: RecoveryListener): Promise<Recovered> {
  const resumed: Resumed[] = []
  const paused: Job[] = []
  const counts = { queued: 0, rerun: 0, interrupted: 0 }
  for (const { job, delivered, usedTools, deaths: before } of await store.unfinished()) {
    if (job.status === 'requires_action') {
      paused.push(job)
      continue
    }
    if (job.status === 'queued') {
      counts.queued += 1
      resumed.push({ job, suspect: before > 0 })
      continue
    }
    const deaths = inOrder ? 0 : before + 1
    if (deaths >= mostDeaths) {
      counts.interrupted += 1
      const message = `The server was killed ${deaths} times while the job ran: it is not run again.`
      onSetAside(`${job.id} is set aside: ${message}`, job.id)
      onEnded(await end(store, job, message, emptyAnswer()))
    } else if (delivered || usedTools) {
      counts.interrupted += 1
      // reading what it said is work as well, and may be what kills
      if (deaths > 0) await store.countDeaths(job.id, deaths)
      onEnded(await end(store, job, 'The server was stopped while the job ran.', await saidBy(store, job)))
    } else {
      counts.rerun += 1
      resumed.push({ job: await requeue(store, job, deaths), suspect: deaths > 0 })
    }
  }
  return { resumed, paused, counts }
}

async function requeue(store: JobStore, job: Job, deaths: number): Promise<Job> {
  await store.countDeaths(job.id, deaths)
  return append(store, job, { type: 'status', status: 'queued', phase: 'queued', reason: 'the server was restarted' }, emptyAnswer())
}

/** The answer as far as it is stored and can be read. */
async function saidBy(store: JobStore, job: Job): Promise<Answer> {
  const said = emptyAnswer()
  for (let after = 0; ; ) {
    const page = await store.events(job.id, after, 500).catch(unlessUnreadable([]))
    if (page.length === 0) break
    for (const { event } of page) addToAnswer(said, event)
    after = page.at(-1)!.seq
  }
  return said
}

async function end(store: JobStore, job: Job, message: string, answer: Answer): Promise<Job> {
  return append(store, job, { type: 'end', status: 'failed', error: { code: 'interrupted', message } }, answer)
}

/** The record with the event, as it is stored. @throws what the store says */
async function append(store: JobStore, job: Job, event: JobEvent, answer: Answer): Promise<Job> {
  const logged: LoggedEvent = { seq: job.lastSeq + 1, at: Math.max(Date.now(), job.createdAt), event }
  const record = fold(job, [logged], answer)
  // what it has taken was stored while it ran
  const usage = event.type === 'end' ? [{ ...emptyRow(answer.model ?? job.model), requests: 1, failures: 1 }] : []
  const [refused] = await store.append([{ id: job.id, after: job.lastSeq, events: [logged], record, usage }])
  if (refused != null) throw refused
  return record
}
