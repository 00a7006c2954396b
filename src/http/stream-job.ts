/** Streams a job's log in one of its views: what they have in common, whatever their frames look like. */
import type { FastifyReply } from 'fastify'
import { BridgeError, type Failure } from '../errors/catalogue.js'
import type { LoggedEvent } from '../jobs/events.js'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { reviewRequired } from '../tasks/review.js'
import { sendFailure } from './send-failure.js'
import { clientGone } from './client-gone.js'
import { jobHeaders } from './job-headers.js'
import { type Frames, Opening } from './opening.js'
import type { Timing } from './timing.js'

export interface JobFrames extends Frames {
  /** The last frames of a job that came to a good end. */
  end(job: Job): string
  /** The last frames where it did not, or where the server cannot go on; `job` is there if it has ended. */
  failed(failure: Failure, job: Job | null): string
}

export interface StreamJobOptions {
  timing: Timing
  /**
   * A reader that can come back and go on after the last event it has: it gets only what survives a crash, gets it at once, and
   * where the server cannot go on the connection breaks off. It holds no job.
   */
  resumable?: boolean
}

/** Takes the reply over; resolves when the stream has ended or the client has gone. */
export async function streamJob(
  reply: FastifyReply,
  jobs: Jobs,
  job: Job,
  frames: JobFrames,
  { timing, resumable = false }: StreamJobOptions,
): Promise<FastifyReply> {
  const gone = clientGone(reply)
  const detach = resumable ? () => {} : jobs.attach(job.id)
  const opening = new Opening(reply, job, frames, timing, () => jobs.said(job.id))
  if (resumable) opening.open()
  try {
    for await (const batch of jobs.read(job.id, { after: 0, durable: resumable, signal: gone })) {
      const written = opening.look(batch)
      if (written !== '' && !(await opening.stream!.write(written))) return reply
      // also while the headers still wait: what fails before the first token is an HTTP error
      const failure = failureIn(batch, resumable ? null : job.id)
      if (failure !== undefined) return await finish(reply, opening, jobs, job, frames, failure)
    }
    if (gone.aborted) return reply
    if (resumable) opening.stream!.breakOff()
    else await finish(reply, opening, jobs, job, frames, jobs.accepting ? noMore : shutdown)
    return reply
  } catch (error) {
    if (opening.stream === null) throw error
    // the status is out: only the stream can still tell the client
    reply.log.error({ err: error }, 'a stream failed')
    if (resumable) {
      opening.stream.breakOff()
      return reply
    }
    await opening.stream.write(frames.failed(error instanceof BridgeError ? error.failure : broken, null))
    opening.stream.end()
    return reply
  } finally {
    opening.cancel()
    detach()
  }
}

const broken: Failure = { code: 'internal_error', message: 'The server failed while it streamed this answer.' }
const noMore: Failure = { code: 'log_lost', message: 'The task is not on record any more: it was deleted, or its store has lost it.' }
const shutdown: Failure = { code: 'server_shutdown', message: 'The server is shutting down.', retryAfter: 5 }

/**
 * What a stream ends with: undefined while it goes on, null where the job came to a good end. `waitsFor`: the job whose reader
 * cannot wait for a human.
 */
function failureIn(batch: LoggedEvent[], waitsFor: string | null): Failure | null | undefined {
  if (waitsFor !== null && batch.some(({ event }) => event.type === 'review')) return reviewRequired(waitsFor)
  const last = batch.at(-1)?.event
  return last?.type === 'end' ? last.error : undefined
}

async function finish(
  reply: FastifyReply,
  opening: Opening,
  jobs: Jobs,
  submitted: Job,
  frames: JobFrames,
  failure: Failure | null,
): Promise<FastifyReply> {
  opening.cancel()
  const job = await jobs.get(submitted.id, submitted.owner)
  if (opening.stream === null) {
    if (failure !== null) {
      if (job !== null) jobHeaders(reply, job)
      return sendFailure(reply, failure)
    }
    opening.open()
  }
  const stream = opening.stream!
  if (failure !== null) await stream.write(frames.failed(failure, job))
  else if (job !== null) await stream.write(frames.end(job))
  stream.end()
  return reply
}
