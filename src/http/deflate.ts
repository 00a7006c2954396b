/** Decodes `deflate`: RFC 9110 means the format of zlib (RFC 1950), and many send the bare one (RFC 1951). The first two bytes tell which. */
import { Duplex } from 'node:stream'
import zlib from 'node:zlib'

export class AnyInflate extends Duplex {
  private head: Buffer = Buffer.alloc(0)
  private inner: zlib.Inflate | zlib.InflateRaw | undefined

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.inner !== undefined) return void this.inner.write(chunk, done)
    this.head = Buffer.concat([this.head, chunk])
    if (this.head.length < 2) return done()
    this.begin().write(this.head, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    // a single byte is no stream of either format, and none is no body
    if (this.inner === undefined && this.head.length > 0) this.begin().write(this.head)
    if (this.inner === undefined) {
      this.push(null)
      return done()
    }
    this.inner.end(done)
  }

  override _read(): void {
    this.inner?.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.inner?.destroy()
    done(error)
  }

  private begin(): zlib.Inflate | zlib.InflateRaw {
    const inner = isZlib(this.head) ? zlib.createInflate() : zlib.createInflateRaw()
    this.inner = inner
    inner.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) inner.pause()
    })
    inner.on('end', () => this.push(null))
    inner.on('error', (error) => this.destroy(error))
    return inner
  }
}

/** RFC 1950, 2.2: the method is 8, and the two bytes are a multiple of 31. */
function isZlib(head: Buffer): boolean {
  return head.length > 1 && (head[0]! & 0x0f) === 8 && head.readUInt16BE(0) % 31 === 0
}
