/** Bodies that come compressed (RFC 9110, 8.4): decoded while they come, so that the limits of a body hold for what it says and not for what was sent. */
import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import zlib from 'node:zlib'
import { BridgeError } from '../errors/catalogue.js'
import { AnyInflate } from './deflate.js'
import { cutOff, tooLarge } from './read-body.js'
import { zstdDecoder } from './zstd.js'

/** By their names in `content-encoding`. */
const decoders: Record<string, (most: number) => Duplex> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => new AnyInflate(),
  br: () => zlib.createBrotliDecompress(),
  zstd: zstdDecoder,
}

/** Null for a body that comes as it is. @throws BridgeError unsupported_media_type */
export function codingOf(header: string | undefined): string | null {
  const coding = header?.trim().toLowerCase() ?? ''
  if (coding === '' || coding === 'identity') return null
  if (Object.hasOwn(decoders, coding)) return coding
  const name = JSON.stringify(coding.slice(0, 50))
  throw new BridgeError('unsupported_media_type', `The body may be compressed by one of gzip, deflate, br and zstd, not by ${name}.`)
}

/**
 * What a compressed body says. Its error is a BridgeError where more than `most` bytes come or the client goes away, else the decoder's own.
 * Destroy it when it is not wanted any more: the rest of the body is left unread then.
 */
export function decoded(payload: IncomingMessage, coding: string, most: number): Readable {
  const decoder = decoders[coding]!(most)
  let taken = 0
  payload.on('data', (bytes: Buffer) => {
    taken += bytes.length
    // what decodes to little or nothing could go on for ever
    if (taken > most) decoder.destroy(tooLarge(most))
  })
  payload.once('close', () => {
    if (!payload.readableEnded) decoder.destroy(cutOff())
  })
  // of nothing each decoder says something else, and an empty body counts as none whatever its header says
  payload.once('end', () => (taken === 0 ? decoder.push(null) : decoder.end()))
  return payload.pipe(decoder, { end: false })
}

/** What an error of a decoder is to its client. */
export function decodingProblem(coding: string, error: unknown): BridgeError {
  if (error instanceof BridgeError) return error
  return new BridgeError('invalid_request', `The body is not what \`content-encoding: ${coding}\` says that it is.`)
}
