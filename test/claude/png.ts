/** Real PNG files of any size, of one colour or of noise that does not compress. */
import { randomBytes } from 'node:crypto'
import zlib from 'node:zlib'

export function png(width: number, height: number, noise = false): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // eight bits of red, green and blue
  header.set([8, 2], 8)
  const row = 1 + width * 3
  const rows = noise ? randomBytes(row * height) : Buffer.alloc(row * height, 7)
  for (let y = 0; y < height; y++) rows[y * row] = 0
  const data = zlib.deflateSync(rows, { level: noise ? 0 : 9 })
  const parts = [chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts])
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data])
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc(named), 4)
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)])
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff
  for (const byte of bytes) {
    value ^= byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  }
  return (value ^ 0xffffffff) >>> 0
}
