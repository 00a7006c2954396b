/**
 * What becomes of the jobs that an earlier server had not ended. Queued ones run. One that was running runs again if nothing of it can
 * have been delivered and it used no tools; else it ends as `interrupted`, for a second run could say something else.
 *
 * A job that kills its server would do so for ever. So where the server before did not end in order, each job that was running is
 * counted (`deaths`) before anything else is done with it; at the second count in a row it is set aside: it ends as `interrupted`, and
 * neither its run nor its log is looked at again. Until then a job with a count is a suspect: suspects run one at a time, so that the
 * next death counts against one of them only.
 */
import type { Failure } from '../errors/catalogue.js'
import { type Answer, addToAnswer, emptyAnswer } from './answer.js'
import type { JobEvent, LoggedEvent } from './events.js'
import { fold } from './fold.js'
import type { Job } from './job.js'
import { emptyRow } from './spending.js'
import type { JobStore, UnfinishedJob } from './store.js'
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
  for (const unfinished of await store.unfinished()) {
    const { job } = unfinished
    if (job.status === 'requires_action') {
      paused.push(job)
      continue
    }
    if (job.status === 'queued') {
      counts.queued += 1
      resumed.push({ job, suspect: unfinished.deaths > 0 })
      continue
    }
    const again = await takeOver(store, unfinished, inOrder, { onSetAside, onEnded })
    if (again === null) counts.interrupted += 1
    else {
      counts.rerun += 1
      resumed.push(again)
    }
  }
  return { resumed, paused, counts }
}

/** A job that was running on a server that is no more: as it is to run again, or null where it has ended here. @param fence see `Append.fence` */
export async function takeOver(
  store: JobStore,
  { job, delivered, usedTools, deaths: before }: UnfinishedJob,
  inOrder: boolean,
  { onSetAside, onEnded }: RecoveryListener,
  fence?: number,
): Promise<Resumed | null> {
  const deaths = inOrder ? 0 : before + 1
  if (deaths >= mostDeaths) {
    const message = `The server was killed ${deaths} times while the job ran: it is not run again.`
    onSetAside(`${job.id} is set aside: ${message}`, job.id)
    onEnded(await end(store, job, { code: 'interrupted', message }, emptyAnswer(), fence))
    return null
  }
  if (delivered || usedTools) {
    // reading what it said is work as well, and may be what kills
    if (deaths > 0) await store.countDeaths(job.id, deaths)
    const message = 'The server was stopped while the job ran.'
    onEnded(await end(store, job, { code: 'interrupted', message }, await saidBy(store, job), fence))
    return null
  }
  await store.countDeaths(job.id, deaths)
  return { job: await requeue(store, job, fence), suspect: deaths > 0 }
}

/** A job that was running waits again. The record as it is stored. @throws what the store says */
export function requeue(store: JobStore, job: Job, fence?: number): Promise<Job> {
  const event = { type: 'status', status: 'queued', phase: 'queued', reason: 'the server was restarted' } as const
  return append(store, job, event, emptyAnswer(), fence)
}

/** The answer as far as it is stored and can be read. */
export async function saidBy(store: JobStore, job: Job): Promise<Answer> {
  const said = emptyAnswer()
  for (let after = 0; ; ) {
    const page = await store.events(job.id, after, 500).catch(unlessUnreadable([]))
    if (page.length === 0) break
    for (const { event } of page) addToAnswer(said, event)
    after = page.at(-1)!.seq
  }
  return said
}

/** Ends a job that runs nowhere. The record as it is stored. @throws what the store says */
export function end(store: JobStore, job: Job, error: Failure, answer: Answer, fence?: number): Promise<Job> {
  const status = error.code === 'cancelled' ? 'cancelled' : 'failed'
  return append(store, job, { type: 'end', status, error }, answer, fence)
}

/** The record with the event, as it is stored. @throws what the store says */
async function append(store: JobStore, job: Job, event: JobEvent, answer: Answer, fence: number | undefined): Promise<Job> {
  const logged: LoggedEvent = { seq: job.lastSeq + 1, at: Math.max(Date.now(), job.createdAt), event }
  const record = fold(job, [logged], answer)
  // what it has taken was stored while it ran
  const failures = event.type === 'end' && event.status === 'failed' ? 1 : 0
  const usage = event.type === 'end' ? [{ ...emptyRow(answer.model ?? job.model), requests: 1, failures }] : []
  const write = { id: job.id, after: job.lastSeq, events: [logged], record, usage, ...(fence !== undefined && { fence }) }
  const [refused] = await store.append([write])
  if (refused != null) throw refused
  return record
}
