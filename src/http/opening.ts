/**
 * Decides when the headers of a job's stream go out, and holds its frames until then. The status line waits until it is known that
 * there will be an answer, so that what fails before the first token is an HTTP error; but not longer than a client should wait
 * for its first byte.
 */
import type { FastifyReply } from 'fastify'
import { type JobEvent, type LoggedEvent, isContent } from '../jobs/events.js'
import type { Job } from '../jobs/job.js'
import { jobHeaders } from './job-headers.js'
import { SseStream } from './sse-stream.js'
import type { Timing } from './timing.js'

/** A view of a job's log as frames. */
export interface Frames {
  /** What the stream opens with. */
  first(): string
  event(event: JobEvent): string
}

export class Opening {
  stream: SseStream | null = null
  private held = ''
  private timer: NodeJS.Timeout

  constructor(
    private readonly reply: FastifyReply,
    private readonly job: Job,
    private readonly frames: Frames,
    private readonly timing: Timing,
  ) {
    // from the queue on: a client hears something at the latest when the first comment would be due
    this.timer = setTimeout(() => this.open(), timing.commentEveryMs)
  }

  /** The frames of a batch that may be written now; none while the headers wait. */
  look(batch: LoggedEvent[]): string {
    let frames = ''
    for (const { event } of batch) {
      frames += this.frames.event(event)
      if (event.type === 'status' && this.stream === null) this.announce(event)
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
  }

  /** What is known of the answer before its first token still finds its place in the headers. */
  private announce({ model, headers }: Extract<JobEvent, { type: 'status' }>): void {
    if (this.reply.sent) return
    if (model !== undefined) this.reply.header('x-bridge-model', model)
    if (headers !== undefined) this.reply.headers(headers)
  }

  /** The model was asked; `again`: it had failed before, so a failure is likelier than an answer and worth the wait. */
  private hold(again: boolean): void {
    if (this.stream !== null) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.open(), again ? this.timing.commentEveryMs : this.timing.holdMs)
  }
}
