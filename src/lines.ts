/** Splits a byte stream into lines; a synchronous core without I/O. */

/** A line longer than the bound; nothing after it can be trusted to be a line. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong'
}

/**
 * Feeds chunks in, calls `onLine` with each complete line (without its end, empty ones left out). Bytes are joined before they are
 * decoded, so a character cut in two arrives whole. The CLI sets no limit to a line (a 5 MB delta is one line), so the bound is
 * only there to keep a broken program from filling the memory.
 */
export class LineSplitter {
  private parts: Buffer[] = []
  private length = 0

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly maxBytes = 256 * 1024 * 1024,
  ) {}

  /** @throws LineTooLong */
  push(chunk: Buffer): void {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(10, start)
      if (end === -1) break
      this.keep(chunk.subarray(start, end))
      this.flush()
      start = end + 1
    }
    if (start < chunk.length) this.keep(chunk.subarray(start))
  }

  /** Delivers a last line that had no end. */
  end(): void {
    this.flush()
  }

  private keep(part: Buffer): void {
    this.length += part.length
    if (this.length > this.maxBytes) {
      // half a line is none
      this.parts = []
      throw new LineTooLong(`a line of more than ${this.maxBytes} bytes`)
    }
    this.parts.push(part)
  }

  private flush(): void {
    if (this.length === 0 || this.length > this.maxBytes) {
      this.parts = []
      return
    }
    const line = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts)
    this.parts = []
    this.length = 0
    this.onLine(line.toString('utf8'))
  }
}
