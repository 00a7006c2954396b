/** Stream: the job's log as OpenAI's chunks. */
import type { FastifyReply } from 'fastify'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { createChunker } from '../openai/out/chunks.js'
import { errorBody } from '../openai/out/error-body.js'
import { completionId } from '../openai/out/ids.js'
import { dataFrame } from './sse-stream.js'
import { streamJob } from './stream-job.js'
import type { Timing } from './timing.js'

export interface StreamOptions {
  includeUsage: boolean
  timing: Timing
}

const done = 'data: [DONE]\n\n'

/** Takes the reply over; resolves when the stream has ended or the client has gone. */
export function streamCompletion(
  reply: FastifyReply,
  jobs: Jobs,
  job: Job,
  { includeUsage, timing }: StreamOptions,
): Promise<FastifyReply> {
  const chunker = createChunker({
    id: completionId(job.id),
    created: Math.floor(job.createdAt / 1000),
    model: job.model,
    choices: job.choices,
    includeUsage,
    formerCalls: job.view.formerCalls,
    tellTier: job.view.tellTier,
  })
  const frames = {
    first: () => chunker.role().map(dataFrame).join(''),
    event: (event: Parameters<typeof chunker.event>[0]) => chunker.event(event).map(dataFrame).join(''),
    end: (ended: Job) => chunker.end(ended).map(dataFrame).join('') + done,
    failed: (failure: Parameters<typeof errorBody>[0]) => dataFrame(errorBody(failure)) + done,
  }
  return streamJob(reply, jobs, job, frames, { timing })
}
