/**
 * The record of a job from its events. Pure: nothing else decides what a record says after `create`, but for `background`, which
 * `JobStore.keep` sets once beside the log.
 */
import { type Answer, answerOrNull } from './answer.js'
import type { JobEvent, LoggedEvent } from './events.js'
import type { Job } from './job.js'
import { expiryFrom } from './retention.js'

/**
 * The record as the events leave it. `answer`: what the job has said up to the last of them, which enters the record at a review and
 * at the end.
 */
export function fold(record: Job, events: readonly LoggedEvent[], answer: Answer): Job {
  return events.reduce((job, logged) => ({ ...job, ...changeOf(job, logged, answer), lastSeq: logged.seq }), record)
}

/** Whether the event changes more of the record than the number of its last event. */
export function changesRecord({ status }: Pick<Job, 'status'>, event: JobEvent): boolean {
  if (event.type === 'status') return event.status !== status
  return event.type === 'attempt' || event.type === 'review' || event.type === 'end'
}

function changeOf(job: Job, { at, event }: LoggedEvent, answer: Answer): Partial<Job> {
  switch (event.type) {
    case 'status':
      return event.status === job.status ? {} : changeOfStatus(job, at, event)
    case 'attempt':
      return { attempts: Math.max(job.attempts, event.attempt) }
    case 'review':
      return {
        status: 'requires_action',
        // a human may take days: from now on no connection ends it
        background: true,
        expiresAt: expiryFrom(at, job),
        // more attempts may add to it
        answer: structuredClone(answerOrNull(answer)),
        review: event.review ?? job.review,
      }
    case 'end':
      return {
        status: event.status,
        error: event.error,
        completedAt: at,
        expiresAt: expiryFrom(at, job),
        answer: answerOrNull(answer),
      }
    case 'text':
    case 'reasoning':
    case 'commentary':
    case 'tool_call':
    case 'tool_activity':
    case 'files':
    case 'usage':
    case 'finish':
      return {}
  }
}

function changeOfStatus(job: Job, at: number, { status, feedback }: Extract<JobEvent, { type: 'status' }>): Partial<Job> {
  if (status === 'in_progress') return { status, startedAt: at, expiresAt: null, attempts: job.attempts + 1 }
  // a human has asked for more attempts
  if (job.status === 'requires_action') {
    return { status, expiresAt: null, review: job.review === null || feedback === undefined ? job.review : { ...job.review, feedback } }
  }
  // the server was restarted: nothing of the run counts
  return { status, startedAt: null }
}
