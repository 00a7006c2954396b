/**
 * Decides when the headers of a job's stream go out, and holds its frames until then. The status line waits until the model's API has
 * answered 200, so that its refusal is an HTTP status, however slow: clients ask again and fall back by the status alone. It waits at
 * most until the first comment is due, counted from the request on: longer, a client may take the connection for dead.
 */
import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import { type JobEvent, type LoggedEvent, isContent } from '../jobs/events.js'
import { alsoIgnored } from '../jobs/ignored-of.js'
import type { Job } from '../jobs/job.js'
import { jobHeaders } from './job-headers.js'
import { told } from './rate-headers.js'
import { SseStream } from './sse-stream.js'
import type { Timing } from './timing.js'

type StatusEvent = Extract<JobEvent, { type: 'status' }>

/** A view of a job's log as frames. */
export interface Frames {
  /** What the stream opens with. */
  first(): string
  event(event: JobEvent): string
}

export class Opening {
  stream: SseStream | null = null
  private held = ''
  private readonly timer: NodeJS.Timeout
  private patience: NodeJS.Timeout | undefined

  constructor(
    private readonly reply: FastifyReply,
    private job: Job,
    private readonly frames: Frames,
    private readonly timing: Timing,
    /** see {@link SseStream} */
    private readonly said: () => number | Promise<number>,
  ) {
    this.timer = setTimeout(() => this.open(), Math.max(0, timing.commentEveryMs - reply.elapsedTime))
  }

  /** The frames of a batch that may be written now; none while the headers wait. */
  look(batch: LoggedEvent[]): string {
    let frames = ''
    for (const { event } of batch) {
      frames += this.frames.event(event)
      if (event.type === 'status' && this.stream === null) this.announce(event)
      if (isContent(event)) this.open()
    }
    if (this.stream !== null) return frames
    this.held += frames
    return ''
  }

  open(): void {
    this.cancel()
    if (this.stream !== null || this.reply.sent) return
    jobHeaders(this.reply, this.job)
    this.stream = new SseStream(this.reply, this.timing, this.said)
    const frames = this.frames.first() + this.held
    this.held = ''
    if (frames !== '') this.stream.write(frames).catch(this.broken)
  }

  private readonly broken = (error: unknown) => {
    this.reply.log.error({ err: error }, 'a stream could not be opened')
    this.reply.raw.destroy()
  }

  cancel(): void {
    clearTimeout(this.timer)
    clearTimeout(this.patience)
  }

  /** What is known of the answer before its first token still finds its place in the headers. */
  private announce({ model, answered, headers, ignored }: StatusEvent): void {
    if (this.reply.sent) return
    if (model !== undefined) this.reply.header('x-bridge-model', model)
    if (headers !== undefined) this.reply.headers(told(this.reply.getHeaders() as OutgoingHttpHeaders, headers))
    if (ignored !== undefined) this.job = alsoIgnored(this.job, ignored)
    // some say 200, and their error as the first piece of the answer
    if (answered) this.patience ??= setTimeout(() => this.open(), this.timing.firstPieceMs)
  }
}
