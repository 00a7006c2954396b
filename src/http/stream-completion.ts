/**
 * Stream: the job's log as OpenAI's chunks. The status line waits until it is known that there will be an answer, so that what
 * fails before the first token is an HTTP error; but not longer than a client should wait for its first byte.
 */
import type { FastifyReply } from 'fastify'
import type { Failure } from '../errors.js'
import { type LoggedEvent, isContent } from '../jobs/events.js'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { type Chunker, createChunker } from '../openai/chunks.js'
import { errorBody } from '../openai/error-body.js'
import { reviewRequired } from '../openai/review.js'
import { completionId } from '../openai/ids.js'
import { sendFailure } from '../plugins/errors.js'
import { clientGone } from './client-gone.js'
import { jobHeaders } from './job-headers.js'
import { SseStream, dataFrame } from './sse-stream.js'
import type { Timing } from './timing.js'

export interface StreamOptions {
  includeUsage: boolean
  timing: Timing
}

/** Takes the reply over; resolves when the stream has ended or the client has gone. */
export async function streamCompletion(
  reply: FastifyReply,
  jobs: Jobs,
  job: Job,
  { includeUsage, timing }: StreamOptions,
): Promise<FastifyReply> {
  const gone = clientGone(reply)
  const detach = jobs.attach(job.id)
  const chunker = createChunker({
    id: completionId(job.id),
    created: Math.floor(job.createdAt / 1000),
    model: job.model,
    choices: job.choices,
    includeUsage,
    formerCalls: job.view.formerCalls,
    tellTier: job.view.tellTier,
  })
  const opening = new Opening(reply, job, chunker, timing)
  try {
    for await (const batch of jobs.read(job.id, { after: 0, durable: false, signal: gone })) {
      const frames = opening.look(batch)
      if (frames !== '' && !(await opening.stream!.write(frames))) return reply
      // also while the headers still wait: what fails before the first token is an HTTP error
      const failure = failureIn(batch, job.id)
      if (failure !== undefined) return await finish(reply, opening, jobs, job, chunker, failure)
    }
    if (!gone.aborted) await finish(reply, opening, jobs, job, chunker, shutdown)
    return reply
  } catch (error) {
    if (opening.stream === null) throw error
    // the status is out: nobody but us can tell the client
    reply.log.error({ err: error }, 'a stream failed')
    await opening.stream.write(dataFrame(errorBody(broken)) + done)
    opening.stream.end()
    return reply
  } finally {
    opening.cancel()
    detach()
  }
}

const done = 'data: [DONE]\n\n'
const broken: Failure = { code: 'internal_error', message: 'The server failed while it streamed this answer.' }
const shutdown: Failure = { code: 'server_shutdown', message: 'The server is shutting down.', retryAfter: 5 }

/** What a stream ends with: undefined while it goes on, null where the job came to a good end. */
function failureIn(batch: LoggedEvent[], taskId: string): Failure | null | undefined {
  if (batch.some(({ event }) => event.type === 'review')) return reviewRequired(taskId)
  const last = batch.at(-1)?.event
  return last?.type === 'end' ? last.error : undefined
}

async function finish(
  reply: FastifyReply,
  opening: Opening,
  jobs: Jobs,
  submitted: Job,
  chunker: Chunker,
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
  if (failure !== null) await stream.write(dataFrame(errorBody(failure)))
  else if (job !== null) await stream.write(chunker.end(job).map(dataFrame).join(''))
  await stream.write(done)
  stream.end()
  return reply
}

/** Decides when the headers go out, and turns events into frames from then on. */
class Opening {
  stream: SseStream | null = null
  private held = ''
  private timer: NodeJS.Timeout

  constructor(
    private readonly reply: FastifyReply,
    private readonly job: Job,
    private readonly chunker: Chunker,
    private readonly timing: Timing,
  ) {
    // from the queue on: a client hears something at the latest when the first comment would be due
    this.timer = setTimeout(() => this.open(), timing.commentEveryMs)
  }

  /** The frames of a batch that may be written now; none while the headers wait. */
  look(batch: LoggedEvent[]): string {
    let frames = ''
    for (const { event } of batch) {
      for (const chunk of this.chunker.event(event)) frames += dataFrame(chunk)
      if (isContent(event)) this.open()
      if (event.type === 'status' && event.phase === 'waiting') this.hold(event.reason !== undefined)
    }
    if (this.stream !== null) return frames
    this.held += frames
    return ''
  }

  open(): void {
    clearTimeout(this.timer)
    if (this.stream !== null || this.reply.sent) return
    jobHeaders(this.reply, this.job)
    this.stream = new SseStream(this.reply, this.timing)
    void this.stream.write(this.chunker.role().map(dataFrame).join('') + this.held)
  }

  cancel(): void {
    clearTimeout(this.timer)
  }

  /** The model was asked; `again`: it had failed before, so a failure is likelier than an answer and worth the wait. */
  private hold(again: boolean): void {
    if (this.stream !== null) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.open(), again ? this.timing.commentEveryMs : this.timing.holdMs)
  }
}
