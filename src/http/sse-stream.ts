/**
 * One open event stream: headers sent at once, frames written as they come, back-pressure obeyed. A reader that takes nothing
 * for too long, or while too much is said, is dropped; what it read from is not touched.
 */
import type { FastifyReply } from 'fastify'
import type { Timing } from './timing.js'
import { writeHead } from './write-head.js'

/** Bytes that are handed over at once: what is held for a reader that takes nothing. */
const pieceBytes = 64 * 1024
/** How often it is looked how far a reader that takes nothing has fallen behind. */
const lookEveryMs = 250

export class SseStream {
  private heartbeat: NodeJS.Timeout
  /** false once the reader has gone */
  private written: Promise<boolean> = Promise.resolve(true)

  /** @param said how many bytes the source has said so far, whether or not this reader has been told */
  constructor(
    private readonly reply: FastifyReply,
    private readonly timing: Timing,
    private readonly said: () => number | Promise<number>,
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

  /** Writes complete frames, behind those of the call before. Resolves when more may come; false if the reader is gone or was dropped. */
  write(frames: string): Promise<boolean> {
    this.written = this.written.then((open) => open && this.writePieces(frames))
    return this.written
  }

  private async writePieces(frames: string): Promise<boolean> {
    if (frames.length <= pieceBytes) return this.writePiece(frames)
    const bytes = Buffer.from(frames)
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      if (!(await this.writePiece(bytes.subarray(from, from + pieceBytes)))) return false
    }
    return true
  }

  private async writePiece(piece: string | Buffer): Promise<boolean> {
    const { raw } = this.reply
    if (raw.destroyed || raw.writableEnded) return false
    this.heartbeat.refresh()
    if (raw.write(piece)) return true
    return new Promise((resolve) => {
      const done = (open: boolean) => {
        clearTimeout(stalled)
        clearInterval(looking)
        raw.off('drain', drained)
        raw.off('close', closed)
        resolve(open)
      }
      const drop = () => {
        done(false)
        raw.destroy()
      }
      const drained = () => done(true)
      const closed = () => done(false)
      const stalled = setTimeout(drop, this.timing.stallMs)
      let before: number | null = null
      const look = async () => {
        const said = await this.said()
        before ??= said
        if (said - before > this.timing.lagBytes) drop()
      }
      // a store that does not answer drops no reader
      const tryToLook = () => void look().catch(() => undefined)
      tryToLook()
      const looking = setInterval(tryToLook, lookEveryMs)
      raw.once('drain', drained)
      raw.once('close', closed)
    })
  }

  end(): void {
    clearInterval(this.heartbeat)
    const { raw } = this.reply
    raw.socket?.setTimeout(this.timing.stallMs)
    raw.end()
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
