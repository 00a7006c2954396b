/**
 * Whether an image reaches the model as it is. The CLI 2.1.329 scales down what is larger than the models take and writes a text about it beside
 * the image, and recodes what has many bytes as a JPEG; where it cannot, it writes a text in the image's place. In the result of a tool it
 * changes nothing, and sends nothing that is too large.
 */
import { sizeOf } from './base64.js'
import type { ImageType } from './conversation.js'

/** pixels */
const longestSide = 2000
/** squares of 28 pixels: what one image may cost in tokens */
const maxSquares = 4784
const squareSide = 28
/** of the file */
const maxBytes = 500 * 1024
/** of an image in the result of a tool, as base64 text: the Claude API takes no larger one */
export const maxResultCharacters = 5 * 1024 * 1024

/** In base64: nearly every file says its size in this much of it. */
const headCharacters = 256 * 1024
/** What some programs write behind the end of a PNG. */
const trailingBytes = 256 * 1024

/** What becomes of it; `lost`: the CLI cannot even read it, and the model would get a text instead. */
export function fateOf(type: ImageType, data: string): 'whole' | 'changed' | 'lost' {
  const size = dimensions(type, Buffer.from(data.slice(0, headCharacters), 'base64')) ?? dimensions(type, Buffer.from(data, 'base64'))
  if (size === null) return 'lost'
  const [width, height] = size
  const isLarge = width > longestSide || height > longestSide || squares(width) * squares(height) > maxSquares
  if (!isLarge && sizeOf(data) <= maxBytes) return 'whole'
  return isCutOff(type, Buffer.from(data, 'base64')) ? 'lost' : 'changed'
}

/** Of the types of which the CLI scales no part. */
function isCutOff(type: ImageType, file: Buffer): boolean {
  if (type === 'image/png') return !file.includes('IEND', -trailingBytes, 'latin1')
  return type === 'image/webp' && file.length < 8 + file.readUInt32LE(4)
}

function squares(side: number): number {
  return Math.ceil(side / squareSide)
}

type Size = [width: number, height: number]

/** By the head of the file; null where it does not say. */
export function dimensions(type: ImageType, head: Buffer): Size | null {
  try {
    if (type === 'image/png') return [head.readUInt32BE(16), head.readUInt32BE(20)]
    if (type === 'image/gif') return [head.readUInt16LE(6), head.readUInt16LE(8)]
    return type === 'image/webp' ? ofWebp(head) : ofJpeg(head)
  } catch {
    // it ends before it says
    return null
  }
}

/** RFC 9649: `VP8X` has the canvas, `VP8L` and `VP8 ` the image. */
function ofWebp(head: Buffer): Size | null {
  const chunk = head.toString('latin1', 12, 16)
  if (chunk === 'VP8X') return [head.readUIntLE(24, 3) + 1, head.readUIntLE(27, 3) + 1]
  if (chunk === 'VP8 ') return [head.readUInt16LE(26) & 0x3fff, head.readUInt16LE(28) & 0x3fff]
  if (chunk !== 'VP8L') return null
  const bits = head.readUInt32LE(21)
  return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1]
}

/** The first start of a frame (C0 to CF, but for C4, C8 and CC); what comes before is skipped by its length. */
function ofJpeg(head: Buffer): Size | null {
  for (let at = 2; head[at] === 0xff; ) {
    const marker = head[at + 1]!
    // fill bytes
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return [head.readUInt16BE(at + 7), head.readUInt16BE(at + 5)]
    }
    at += 2 + head.readUInt16BE(at + 2)
  }
  return null
}
