/**
 * The events of a job -> the events of a response's stream, numbered from 0 without a gap. They follow from the log and the
 * final record alone: who folds the log again from its first event gets the same events with the same numbers, and so can
 * go on after any of them.
 */
import type { Failure } from '../../errors/catalogue.js'
import type { JobEvent } from '../../jobs/events.js'
import type { Job } from '../../jobs/job.js'
import { errorBody, errorObject } from '../out/error-body.js'
import type { ResponseEcho } from './echo.js'
import { createOutput } from './output.js'
import type { OutputEvent } from './output-events.js'
import { before, toResponse } from './response.js'

export interface ResponseEvent extends OutputEvent {
  sequence_number: number
}

export interface ResponseEvents {
  /** The events of one event of the log, from the first on. */
  event(event: JobEvent): ResponseEvent[]
  /** The last events, for a job that has ended. One that failed says so twice: clients raise on `error` alone. */
  end(job: Job): ResponseEvent[]
  /** An event that is no part of the story, in place of the last one. */
  broken(failure: Failure): ResponseEvent
}

/** `job`: at any time of its life. */
export function createResponseEvents(job: Job, echo: ResponseEcho): ResponseEvents {
  const output = createOutput(job.id)
  let created = false
  let started = false
  let next = 0

  const number = (event: OutputEvent): ResponseEvent => {
    const { type, ...members } = event
    return { type, sequence_number: next++, ...members }
  }

  function* opening(event: JobEvent): Generator<OutputEvent> {
    if (!created) {
      created = true
      const status = echo.background ? 'queued' : 'in_progress'
      yield { type: 'response.created', response: before(job, echo, status) }
      if (echo.background) yield { type: 'response.queued', response: before(job, echo, 'queued') }
    }
    if (!started && event.type === 'status' && event.status === 'in_progress') {
      started = true
      yield { type: 'response.in_progress', response: before(job, echo, 'in_progress') }
    }
  }

  return {
    event: (event) => [...opening(event), ...output.event(event)].map(number),
    end(ended) {
      const response = toResponse(ended, echo, output.items())
      const last = { type: endOf(ended), response }
      return (ended.status === 'failed' && ended.error !== null ? [errorEvent(ended.error), last] : [last]).map(number)
    },
    broken: (failure) => number(errorEvent(failure)),
  }
}

/** The members of OpenAI's reference, and `error`, which its SDKs look for. */
function errorEvent(failure: Failure): OutputEvent {
  const { code, message, param } = errorObject(failure)
  return { type: 'error', code, message, param, ...errorBody(failure) }
}

/** There is no event for a cancelled response; its status is in the last one. */
function endOf({ status }: Job): string {
  return status === 'completed' || status === 'incomplete' ? `response.${status}` : 'response.failed'
}
