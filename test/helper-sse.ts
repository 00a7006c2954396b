/** Reads an event stream frame by frame, as it comes. */

export interface Frame {
  id?: string
  event?: string
  data?: string
  /** a line that starts with a colon */
  comment?: string
  retry?: string
}

export class FrameReader {
  private rest = ''
  private readonly reader
  private readonly decoder = new TextDecoder()

  constructor(response: Response) {
    this.reader = response.body!.getReader()
  }

  /** The next frame; undefined at a clean end. Rejects where the connection breaks. */
  async next(): Promise<Frame | undefined> {
    for (;;) {
      const end = this.rest.indexOf('\n\n')
      if (end !== -1) {
        const text = this.rest.slice(0, end)
        this.rest = this.rest.slice(end + 2)
        return parse(text)
      }
      const piece = await this.reader.read()
      if (piece.done) return undefined
      this.rest += this.decoder.decode(piece.value as Uint8Array, { stream: true })
    }
  }

  /** The next frame that is no comment. */
  async nextEvent(): Promise<Frame | undefined> {
    for (;;) {
      const frame = await this.next()
      if (frame?.comment === undefined) return frame
    }
  }

  async all(): Promise<Frame[]> {
    const frames: Frame[] = []
    for (let frame = await this.next(); frame !== undefined; frame = await this.next()) frames.push(frame)
    return frames
  }

  /** Goes away in the middle. */
  cancel(): Promise<void> {
    return this.reader.cancel()
  }
}

export async function framesOf(response: Response): Promise<Frame[]> {
  return new FrameReader(response).all()
}

function parse(text: string): Frame {
  const frame: Frame = {}
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).replace(/^ /, '')
    if (name === '') frame.comment = value
    else if (name === 'id' || name === 'event' || name === 'data' || name === 'retry') frame[name] = value
  }
  return frame
}
