/**
 * Whether an image reaches the model as it is. The CLI 2.1.329 scales down what is larger than the models take and writes a text about it beside
 * the image, and recodes what has many bytes as a JPEG; in the result of a tool it changes nothing, and sends nothing that is too large.
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

/** Behind this much of a file no width is looked for. */
const headBytes = 256 * 1024

export function isChanged(type: ImageType, data: string): boolean {
  if (sizeOf(data) > maxBytes) return true
  const [width, height] = dimensions(type, Buffer.from(data.slice(0, (headBytes / 3) * 4), 'base64')) ?? [0, 0]
  return width > longestSide || height > longestSide || squares(width) * squares(height) > maxSquares
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
