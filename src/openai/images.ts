/**
 * An `image_url` -> an image block. Only `data:` URLs (RFC 2397) in base64 (RFC 4648) of the four types the Claude API
 * takes. The data has to be what it says it is: the upstream refuses a wrong media type with an error that names no
 * part.
 */
import type { ImageType, UserBlock } from './conversation.js'
import { refuse } from './refuse.js'

/** decoded, in bytes */
export const maxImageBytes = 20 * 1024 * 1024
/** in one request */
export const maxImages = 100

const mediaTypes: Record<string, ImageType> = {
  'image/png': 'image/png',
  'image/jpeg': 'image/jpeg',
  // no registered type, but what many clients write
  'image/jpg': 'image/jpeg',
  'image/gif': 'image/gif',
  'image/webp': 'image/webp',
}

/**
 * Throws 400 with `param`: `unsupported_value` for a URL or type that is not taken, `invalid_value` for broken data.
 */
export function toImageBlock(url: string, param: string): Extract<UserBlock, { type: 'image' }> {
  if (!/^data:/i.test(url)) {
    throw refuse('unsupported_value', param, 'images have to be data URLs, as in data:image/png;base64,…')
  }
  const comma = url.indexOf(',')
  // the part before the comma is short in every honest URL
  const [type = '', ...parameters] = url.slice(5, comma < 0 ? 5 : Math.min(comma, 200)).toLowerCase().split(';')
  const mediaType = Object.hasOwn(mediaTypes, type) ? mediaTypes[type] : undefined
  if (mediaType === undefined) {
    throw refuse('unsupported_value', param, 'the media type has to be image/png, image/jpeg, image/gif or image/webp')
  }
  if (parameters.at(-1) !== 'base64') throw refuse('invalid_value', param, 'the data URL has to be in base64')
  const data = url.slice(comma + 1)
  if (sizeOf(data) > maxImageBytes) throw refuse('invalid_value', param, `more than ${maxImageBytes} bytes`)
  if (!isBase64(data)) throw refuse('invalid_value', param, 'the data URL is not valid base64')
  if (typeOf(data) !== mediaType) throw refuse('invalid_value', param, `the data is not of type ${mediaType}`)
  return { type: 'image', mediaType, data }
}

/** decoded, in bytes */
function sizeOf(data: string): number {
  return (data.length / 4) * 3 - paddingOf(data)
}

function paddingOf(data: string): number {
  return data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
}

/** Standard alphabet, padded, no white space, no stray bits in the last group. */
function isBase64(data: string): boolean {
  if (data.length === 0 || data.length % 4 !== 0) return false
  // searching for what does not belong: a pattern that matches the whole would need a stack as deep as the text is long
  const stranger = data.search(/[^A-Za-z0-9+/]/)
  if (stranger !== -1 && stranger < data.length - paddingOf(data)) return false
  const last = data.slice(-4)
  return Buffer.from(last, 'base64').toString('base64') === last
}

/** By the first bytes: PNG, JPEG, GIF87a/89a, RIFF…WEBP. */
function typeOf(data: string): ImageType | null {
  const head = Buffer.from(data.slice(0, 24), 'base64').toString('latin1')
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'image/gif'
  return head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP' ? 'image/webp' : null
}
