/**
 * An `image_url` -> an image block: a `data:` URL (RFC 2397) in base64 (RFC 4648), or an http(s) URL that has to be fetched
 * before the request is whole. Of the four types the Claude API takes, and the data has to be what it says it is: the upstream
 * refuses a wrong media type with an error that names no part.
 */
import { isBase64, sizeOf, unwrapped } from './base64.js'
import type { ImageType, UserBlock } from './conversation.js'
import { splitDataUrl } from './data-url.js'
import { fateOf, maxResultCharacters } from './image-size.js'
import { refuse } from '../errors/refuse.js'

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

export type ImageBlock = Extract<UserBlock, { type: 'image' }>

/** An image that is not here yet. Its block stands in the conversation already and has no data. */
export interface RemoteImage {
  url: string
  /** path of the URL in the request, for errors */
  param: string
  block: ImageBlock
  place: ImagePlace
}

export interface ImagePlace {
  /** it stands in the result of a tool */
  inResult: boolean
  /** what is named as ignored where the model gets no image, and with `.size` where it gets another one */
  name: string
}

/** Throws 400 for what the CLI would not send. @returns what is named where the model gets another image, or none; else nothing */
function check({ mediaType, data }: ImageBlock, { inResult, name }: ImagePlace, param: string): string[] {
  if (!inResult) {
    const fate = fateOf(mediaType, data)
    return fate === 'whole' ? [] : [fate === 'lost' ? name : `${name}.size`]
  }
  if (data.length <= maxResultCharacters) return []
  const why = `an image in the result of a tool may have at most ${maxResultCharacters} characters in base64, this one has ${data.length}`
  throw refuse('invalid_value', param, why)
}

/**
 * The block of a URL; one that has to be fetched is added to `remote`. `named` is called for one that does not reach the model as it is. Throws 400 with `param`: `unsupported_value` for a URL
 * or type that is not taken, `invalid_value` for broken data.
 */
export function toImageBlock(
  url: string,
  param: string,
  remote: RemoteImage[],
  place: ImagePlace,
  named: (name: string) => void,
): ImageBlock {
  if (/^https?:/i.test(url)) {
    const block: ImageBlock = { type: 'image', mediaType: 'image/png', data: '' }
    remote.push({ url, param, block, place })
    return block
  }
  const parts = splitDataUrl(url)
  if (parts === null) {
    const why = 'images have to be http(s) URLs or data URLs, as in data:image/png;base64,…'
    throw refuse('unsupported_value', param, why)
  }
  const { type, base64 } = parts
  const data = unwrapped(parts.data)
  const mediaType = Object.hasOwn(mediaTypes, type) ? mediaTypes[type] : undefined
  if (mediaType === undefined) {
    throw refuse('unsupported_value', param, 'the media type has to be image/png, image/jpeg, image/gif or image/webp')
  }
  if (!base64) throw refuse('invalid_value', param, 'the data URL has to be in base64')
  if (sizeOf(data) > maxImageBytes) throw refuse('invalid_value', param, `more than ${maxImageBytes} bytes`)
  if (!isBase64(data)) throw refuse('invalid_value', param, 'the data URL is not valid base64')
  const head = Buffer.from(data.slice(0, 24), 'base64')
  if (typeOf(head) !== mediaType) throw refuse('invalid_value', param, `the data is not of type ${mediaType}`)
  const block: ImageBlock = { type: 'image', mediaType, data }
  check(block, place, param).forEach(named)
  return block
}

/** What says nothing of a file's type. */
const anyType = new Set(['application/octet-stream', 'binary/octet-stream'])

/**
 * Puts what was fetched into the blocks of all the images with that URL. Its first bytes say what it is; `mediaType` is what
 * its server says. Throws 400 for what is no image. @returns the names of those that do not reach the model as they are
 */
export function fillImages(images: readonly RemoteImage[], bytes: Buffer, mediaType: string | null): string[] {
  const type = typeOf(bytes)
  const told = mediaType === null || mediaType.startsWith('image/') || anyType.has(mediaType)
  if (type === null || !told) {
    throw refuse('invalid_value', images[0]!.param, 'what is there is no PNG, JPEG, GIF or WebP image')
  }
  const data = bytes.toString('base64')
  for (const { block } of images) Object.assign(block, { mediaType: type, data })
  return images.flatMap(({ block, place, param }) => check(block, place, param))
}

/** By the first bytes: PNG, JPEG, GIF87a/89a, RIFF…WEBP. */
function typeOf(bytes: Buffer): ImageType | null {
  const head = bytes.toString('latin1', 0, 12)
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'image/gif'
  return head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP' ? 'image/webp' : null
}
