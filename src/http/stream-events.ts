/**
 * `/tasks/:id/events`: the log itself as server-sent events. Each has its sequence number as `id:`, so a reader that comes back with
 * the last one it has misses nothing and gets nothing twice; only what survives a crash of the server is shown.
 */
import type { FastifyReply } from 'fastify'
import { BridgeError } from '../errors/catalogue.js'
import type { LoggedEvent } from '../jobs/events.js'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { isFinal } from '../jobs/status.js'
import { toTaskEvent } from '../tasks/task-event.js'
import { clientGone } from './client-gone.js'
import { jobHeaders } from './job-headers.js'
import { SseStream } from './sse-stream.js'
import type { Timing } from './timing.js'

/** How soon a reader that lost its connection should come back, in milliseconds. */
const reconnectMs = 1000

/**
 * Not async: the record may have a long answer, and nothing is to hold it for as long as a reader likes.
 *
 * @throws BridgeError invalid_value for a `Last-Event-ID` that is no sequence number, log_lost for one that the log does not have any more
 */
export function streamEvents(
  reply: FastifyReply,
  jobs: Jobs,
  job: Job,
  lastEventId: string | string[] | undefined,
  startingAfter: number | undefined,
  timing: Timing,
): FastifyReply | Promise<FastifyReply> {
  const after = lastEventId === undefined ? (startingAfter ?? 0) : sequenceNumber(String(lastEventId))
  jobs.refuseLost(job, after)
  // tells an EventSource that has everything not to come back (WHATWG HTML, server-sent events)
  if (lastEventId !== undefined && isFinal(job.status) && after >= job.lastSeq) return reply.code(204).send()
  const signal = clientGone(reply)
  jobHeaders(reply, job)
  return follow(reply, jobs, job.id, after, timing, signal)
}

async function follow(
  reply: FastifyReply,
  jobs: Jobs,
  id: string,
  after: number,
  timing: Timing,
  signal: AbortSignal,
): Promise<FastifyReply> {
  const stream = new SseStream(reply, timing, () => jobs.said(id))
  try {
    await stream.write(`retry: ${reconnectMs}\n\n`)
    for await (const batch of jobs.read(id, { after, durable: true, signal })) {
      if (!(await stream.write(batch.map((logged) => toFrame(id, logged)).join('')))) return reply
    }
    stream.end()
  } catch (error) {
    reply.log.error({ err: error }, 'a stream of events failed')
    // the reader comes back and goes on after the last event it has
    stream.breakOff()
  }
  return reply
}

function toFrame(taskId: string, logged: LoggedEvent): string {
  const event = toTaskEvent(taskId, logged)
  return `id: ${logged.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

function sequenceNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new BridgeError('invalid_value', 'Last-Event-ID has to be the number of an event.', { param: 'Last-Event-ID' })
}
