/** Reads a JSON body into one buffer, under limits that hold while it comes: size, nesting, number of values, room, silence, tiny chunks. */
import type { Readable } from 'node:stream'
import { BridgeError } from '../errors/catalogue.js'
import type { BodyRoom } from './body-room.js'
import { JsonScan, type JsonExcess } from './json-scan.js'
import type { HttpLimits } from './limits.js'

export type BodyLimits = Pick<HttpLimits, 'bodySilenceMs' | 'freeBodyBytes' | 'json'> & {
  /** bytes of this body */
  most: number
}

/** A body in so many pieces has to have so many bytes in each of them: a piece costs far more than its bytes. */
const manyPieces = 10_000
const fewBytesPerPiece = 16

const firstBytes = 16 * 1024

/**
 * `problem`: what an error of the source is to the client; left out: the client has gone away.
 * @throws BridgeError 408, 413, 400 (also where the client goes away) or 503. The rest of the body is then left unread.
 */
export function readBody(source: Readable, limits: BodyLimits, room: BodyRoom, problem: (error: unknown) => Error = cutOff): Promise<Body> {
  const body = new Body(limits, room)
  const scan = new JsonScan(limits.json)
  return new Promise<Body>((resolve, reject) => {
    let pieces = 0
    const stop = () => {
      clearTimeout(silence)
      source.off('data', take).off('end', end).off('error', broken).off('close', gone)
    }
    const fail = (error: Error) => {
      stop()
      source.pause()
      // the error of a connection that breaks is not told: there is no client left
      source.on('error', () => undefined)
      body.release()
      reject(error)
    }
    const silence = setTimeout(
      () => fail(new BridgeError('request_timeout', `The body stopped coming for ${limits.bodySilenceMs / 1000} s.`)),
      limits.bodySilenceMs,
    )
    const take = (bytes: Buffer) => {
      silence.refresh()
      pieces += 1
      if (pieces > manyPieces && body.length < pieces * fewBytesPerPiece) {
        return fail(new BridgeError('invalid_request', 'The body comes in too many too small pieces.'))
      }
      const excessive = body.append(bytes) ?? excess(scan.push(bytes), limits)
      if (excessive !== null) fail(excessive)
    }
    const end = () => {
      stop()
      resolve(body)
    }
    const gone = () => fail(cutOff())
    const broken = (error: unknown) => fail(problem(error))
    source.on('data', take).on('end', end).on('error', broken).on('close', gone)
    if (source.destroyed) gone()
  })
}

export function cutOff(): BridgeError {
  return new BridgeError('invalid_request', 'The connection ended in the middle of the body.')
}

export function tooLarge(most: number): BridgeError {
  return new BridgeError('request_too_large', `The body is larger than the ${most} bytes that this server takes here.`)
}

function excess(passed: JsonExcess | null, { json }: BodyLimits): BridgeError | null {
  if (passed === null) return null
  if (passed === 'depth') return new BridgeError('invalid_json', `The body is nested more than ${json.depth} levels deep.`)
  if (passed === 'members') return new BridgeError('request_too_large', `An object of the body has more than ${json.members} members.`)
  if (passed === 'names')
    return new BridgeError('request_too_large', `The members of the body have more than ${json.names} different names.`)
  return new BridgeError('request_too_large', `The body has more than ${json.values} values.`)
}

/** Bytes in one buffer that grows, so that a flood of tiny chunks costs no more than its bytes. */
export class Body {
  private buffer: Buffer = Buffer.allocUnsafeSlow(0)
  private taken = 0
  length = 0

  constructor(
    private readonly limits: BodyLimits,
    private readonly room: BodyRoom,
  ) {}

  append(bytes: Buffer): BridgeError | null {
    const needed = this.length + bytes.length
    if (needed > this.limits.most) return tooLarge(this.limits.most)
    if (needed > this.buffer.length && !this.grow(needed)) {
      return new BridgeError('server_is_overloaded', 'The server reads as many large bodies as it takes at once.', { retryAfter: 2 })
    }
    bytes.copy(this.buffer, this.length)
    this.length = needed
    return null
  }

  text(): string {
    return this.buffer.toString('utf8', 0, this.length)
  }

  /** Lets go of the bytes and of their room. */
  release(): void {
    this.room.give(this.taken)
    this.taken = 0
    this.buffer = Buffer.allocUnsafeSlow(0)
    this.length = 0
  }

  private grow(needed: number): boolean {
    const size = Math.min(Math.max(needed, this.buffer.length * 2, firstBytes), this.limits.most)
    const counted = Math.max(0, size - this.limits.freeBodyBytes) - this.taken
    if (counted > 0) {
      if (!this.room.take(counted)) return false
      this.taken += counted
    }
    const larger = Buffer.allocUnsafeSlow(size)
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
    return true
  }
}
