/** Stream: the job's log as the events of OpenAI's Responses API. It ends with the last event; there is no `[DONE]`. */
import type { FastifyReply } from 'fastify'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { isFinal } from '../jobs/status.js'
import type { ResponseEcho } from '../openai/responses/echo.js'
import { type ResponseEvent, createResponseEvents } from '../openai/responses/events.js'
import { type JobFrames, streamJob } from './stream-job.js'
import type { Timing } from './timing.js'

export interface ResponseStreamOptions {
  timing: Timing
  resumable: boolean
  /** number of the last event the reader has */
  after?: number | undefined
}

/** Takes the reply over; resolves when the stream has ended or the client has gone. */
export function streamResponse(
  reply: FastifyReply,
  jobs: Jobs,
  job: Job,
  echo: ResponseEcho,
  { timing, resumable, after = -1 }: ResponseStreamOptions,
): Promise<FastifyReply> {
  const events = createResponseEvents(job, echo)
  const toFrame = (event: ResponseEvent) => (event.sequence_number > after ? frame(event) : '')
  const end = (ended: Job) => events.end(ended).map(toFrame).join('')
  const frames: JobFrames = {
    first: () => '',
    event: (event) => events.event(event).map(toFrame).join(''),
    end,
    failed: (failure, ended) => (ended !== null && isFinal(ended.status) ? end(ended) : toFrame(events.broken(failure))),
  }
  return streamJob(reply, jobs, job, frames, { timing, resumable })
}

function frame(event: ResponseEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
