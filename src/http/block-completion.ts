/**
 * Block: waits for the job and answers with the completion, or with another view of it. An answer that takes long is kept alive with white space in front
 * of the JSON, so that no client or proxy takes the silence for a dead connection: Node's fetch gives up after 300 s without
 * headers and its SDKs then post again, nginx after 60 s.
 */
import type { FastifyReply } from 'fastify'
import type { Failure } from '../errors/catalogue.js'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { isFinal } from '../jobs/status.js'
import { reviewRequired } from '../tasks/review.js'
import { hasResult, toCompletion } from '../openai/out/completion.js'
import { errorBody } from '../openai/out/error-body.js'
import { sendFailure } from './send-failure.js'
import { clientGone } from './client-gone.js'
import { jobHeaders } from './job-headers.js'
import type { Timing } from './timing.js'
import { writeHead } from './write-head.js'

/** Takes the reply over; resolves when it is answered or the client has gone. */
export async function blockCompletion(
  reply: FastifyReply,
  jobs: Jobs,
  submitted: Job,
  timing: Timing,
  toBody: ToBody = toCompletion,
): Promise<FastifyReply> {
  const gone = clientGone(reply)
  const detach = jobs.attach(submitted.id)
  const stopPadding = startPadding(reply, submitted, timing)
  try {
    const job = await jobs.wait(submitted.id, gone)
    if (gone.aborted) return reply
    return job === null ? fail(reply, deleted) : await answer(reply, job, toBody)
  } catch (error) {
    if (!reply.sent) throw error
    reply.log.error({ err: error }, 'a blocking answer failed')
    reply.raw.destroy()
    return reply
  } finally {
    stopPadding()
    detach()
  }
}

/** A job that has a result -> the body that says so. */
export type ToBody = (job: Job) => unknown

/** Answers with what has become of a job: a 200 with its body, or its error. */
export async function answer(reply: FastifyReply, job: Job, toBody: ToBody = toCompletion): Promise<FastifyReply> {
  if (!reply.sent) {
    jobHeaders(reply, job)
    const { overheadMs } = job.answer ?? {}
    if (overheadMs !== undefined) reply.header('x-bridge-overhead-ms', String(overheadMs))
  }
  if (!hasResult(job)) {
    const failure = failureOf(job)
    // a job's own failure was logged where it came from
    if (failure === noResult) reply.log.error({ task: job.id, status: job.status }, 'a job ended without a result')
    return fail(reply, failure)
  }
  const body = JSON.stringify(await toBody(job))
  if (!reply.sent) return reply.type('application/json; charset=utf-8').send(body)
  const { raw, request, server } = reply
  server.unsent.hold(request.owner, Buffer.byteLength(body), raw)
  raw.socket?.setTimeout(server.timing.stallMs)
  raw.end(body)
  return reply
}

function fail(reply: FastifyReply, failure: Failure): FastifyReply {
  if (!reply.sent) return sendFailure(reply, failure)
  // the status is out and says 200: the body tells what happened, and the connection breaks off, so that no client takes
  // this for an answer
  const { raw } = reply
  raw.write(JSON.stringify(errorBody(failure)), () => raw.destroy())
  return reply
}

const deleted: Failure = { code: 'task_not_found', message: 'The task was deleted while this request waited for it.' }

const noResult: Failure = { code: 'internal_error', message: 'The job ended without a result.' }

function failureOf(job: Job): Failure {
  if (job.error !== null) return job.error
  if (job.status === 'requires_action') return reviewRequired(job.id)
  if (isFinal(job.status)) return noResult
  return { code: 'server_shutdown', message: 'The server is shutting down.', retryAfter: 5 }
}

/** Returns what stops it. */
function startPadding(reply: FastifyReply, job: Job, { paddingAfterMs, paddingEveryMs }: Timing): () => void {
  const { raw } = reply
  const pad = () => {
    if (!reply.sent) {
      jobHeaders(reply, job)
      // the connection may break before the answer: the head says where it can be read then
      reply.header('location', `/tasks/${job.id}`)
      writeHead(reply, { 'content-type': 'application/json; charset=utf-8', 'x-accel-buffering': 'no' })
    }
    raw.write(' ')
    timer = setTimeout(pad, paddingEveryMs)
  }
  let timer = setTimeout(pad, paddingAfterMs)
  return () => clearTimeout(timer)
}
