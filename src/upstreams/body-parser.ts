/**
 * The bytes of an answer -> the JSON values in it. A stream of events as a rule; a provider that takes no notice of `stream: true`
 * answers with one JSON object, and what the first character is tells them apart, whatever the content type says.
 */
import { createParser, type EventSourceParser } from 'eventsource-parser'
import { BridgeError } from '../errors/catalogue.js'

export type Piece = { value: unknown } | 'done'

/** Characters of one event, and bytes of one answer. */
const longestEvent = 16 * 1024 * 1024
const longestAnswer = 128 * 1024 * 1024

export class BodyParser {
  private readonly decoder = new TextDecoder()
  private kind: 'unknown' | 'events' | 'json' = 'unknown'
  private json = ''
  private bytes = 0
  private pieces: Piece[] = []
  private readonly events: EventSourceParser

  constructor(private readonly provider: string) {
    this.events = createParser({
      maxBufferSize: longestEvent,
      onEvent: ({ data, event }) => this.pieces.push(this.pieceOf(data, event)),
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') throw this.tooLarge()
      },
    })
  }

  /** @throws BridgeError upstream_error for what is neither events nor JSON, or has no end */
  feed(bytes: Uint8Array): Piece[] {
    this.bytes += bytes.byteLength
    if (this.bytes > longestAnswer) throw this.tooLarge()
    return this.take(this.decoder.decode(bytes, { stream: true }))
  }

  /**
   * What is left when the answer has ended.
   *
   * @throws BridgeError upstream_error for an answer without a single byte
   */
  end(): Piece[] {
    const rest = this.take(this.decoder.decode())
    if (this.kind === 'unknown') throw new BridgeError('upstream_error', `${this.provider} gave an empty answer.`)
    if (this.kind === 'json') return [{ value: this.parse(this.json) }, 'done']
    // a last event may lack its empty line
    if (this.kind === 'events') this.events.feed('\n\n')
    return [...rest, ...this.drain()]
  }

  private take(text: string): Piece[] {
    if (this.kind === 'unknown') {
      this.json += text
      const start = this.json.trimStart()
      if (start === '') {
        // white space says nothing, and there may be much of it
        this.json = ''
        return []
      }
      this.kind = this.kindOf(start)
      if (this.kind === 'json') return []
      text = start
      this.json = ''
    } else if (this.kind === 'json') {
      this.json += text
      return []
    }
    this.events.feed(text)
    return this.drain()
  }

  private drain(): Piece[] {
    const pieces = this.pieces
    this.pieces = []
    return pieces
  }

  private kindOf(start: string): 'events' | 'json' {
    if (start.startsWith('{')) return 'json'
    if (/^[:deir]/.test(start)) return 'events'
    throw new BridgeError('upstream_error', `${this.provider} answered with something that is neither events nor JSON.`)
  }

  private pieceOf(data: string, event: string | undefined): Piece {
    if (data.trim() === '[DONE]') return 'done'
    const value = this.parse(data)
    const isError = event === 'error' && !(typeof value === 'object' && value !== null && 'error' in value)
    return { value: isError ? { error: value } : value }
  }

  private parse(json: string): unknown {
    try {
      return JSON.parse(json)
    } catch {
      throw new BridgeError('upstream_error', `${this.provider} answered with something that is not JSON.`)
    }
  }

  private tooLarge(): BridgeError {
    return new BridgeError('upstream_error', `${this.provider}'s answer is larger than this server takes.`)
  }
}
