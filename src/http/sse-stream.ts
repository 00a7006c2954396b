/**
 * One open event stream: headers sent at once, frames written as they come, back-pressure obeyed. A reader that takes nothing
 * for too long is dropped; what it read from is not touched.
 */
import type { FastifyReply } from 'fastify'
import type { Timing } from './timing.js'
import { writeHead } from './write-head.js'

export class SseStream {
  private heartbeat: NodeJS.Timeout

  constructor(
    private readonly reply: FastifyReply,
    private readonly timing: Timing,
  ) {
    const raw = writeHead(reply, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      // nginx would collect the stream before it passes it on
      'x-accel-buffering': 'no',
    })
    raw.socket?.setNoDelay(true)
    raw.flushHeaders()
    this.heartbeat = setInterval(() => {
      if (!raw.writableNeedDrain) raw.write(': keep-alive\n\n')
    }, timing.commentEveryMs)
    raw.once('close', () => clearInterval(this.heartbeat))
  }

  /** Writes complete frames. Resolves when more may come; false if the reader is gone or was dropped. */
  async write(frames: string): Promise<boolean> {
    const { raw } = this.reply
    if (raw.destroyed || raw.writableEnded) return false
    this.heartbeat.refresh()
    if (raw.write(frames)) return true
    return new Promise((resolve) => {
      const done = (open: boolean) => {
        clearTimeout(stalled)
        raw.off('drain', drained)
        raw.off('close', closed)
        resolve(open)
      }
      const drained = () => done(true)
      const closed = () => done(false)
      const stalled = setTimeout(() => {
        done(false)
        raw.destroy()
      }, this.timing.stallMs)
      raw.once('drain', drained)
      raw.once('close', closed)
    })
  }

  end(): void {
    clearInterval(this.heartbeat)
    this.reply.raw.end()
  }

  /** Ends in a way that no reader takes for the end of the story. */
  breakOff(): void {
    this.reply.raw.destroy()
  }
}

/** A frame of data alone, as OpenAI's chat streams have it. */
export function dataFrame(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
