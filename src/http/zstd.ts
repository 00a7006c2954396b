/** Decodes Zstandard (RFC 8878) under limits: with Node's own decoder where it can tell that a body is cut off (Node 24), else with `fzstd`. */
import { type Duplex, Transform, type TransformCallback } from 'node:stream'
import zlib from 'node:zlib'
import { Decompress } from 'fzstd'
import { tooLarge } from './read-body.js'

/** 8 MB, as RFC 9659 has it for HTTP. */
const windowLog = 23
/** `fzstd` moves the whole window for each block, so that small blocks would cost far more than their bytes. */
const freeBlocks = 64
const bytesPerBlock = 1024
/** Of the body; between two such pieces the loop gets its turn. */
const pieceBytes = 64 * 1024

/** Node's own, which the types of the oldest Node that is supported do not have. */
interface ZlibWithZstd {
  createZstdDecompress?: (options: { params: Record<number, number> }) => Duplex
  zstdDecompressSync?: (body: Buffer) => Buffer
  constants: { ZSTD_d_windowLogMax?: number }
}

const own = zlib as unknown as ZlibWithZstd

/** That of Node 22 takes a frame that is cut off for one that is empty. */
const tellsOfCuts = (() => {
  try {
    own.zstdDecompressSync?.(Buffer.from('28b52ffd', 'hex'))
    return false
  } catch {
    return true
  }
})()

/** @param most bytes that may come out of it */
export function zstdDecoder(most: number): Duplex {
  const { createZstdDecompress, constants } = own
  if (createZstdDecompress === undefined || constants.ZSTD_d_windowLogMax === undefined || !tellsOfCuts) return new BoundedZstd(most)
  return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: windowLog } })
}

/** Takes one frame, whole, before it decodes any of it: its blocks are counted first. */
export class BoundedZstd extends Transform {
  private readonly parts: Buffer[] = []
  private length = 0
  private given = 0

  constructor(private readonly most: number) {
    super()
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.length += chunk.length
    this.parts.push(chunk)
    done(this.length > this.most ? tooLarge(this.most) : null)
  }

  override _flush(done: TransformCallback): void {
    this.decode(Buffer.concat(this.parts)).then(
      () => done(),
      (error: unknown) => done(error as Error),
    )
  }

  private async decode(frame: Buffer): Promise<void> {
    checkFrame(frame)
    const decoder = new Decompress((bytes) => {
      this.given += bytes.length
      if (this.given > this.most) throw tooLarge(this.most)
      if (bytes.length > 0) this.push(Buffer.from(bytes))
    })
    for (let at = 0; at < frame.length; at += pieceBytes) {
      decoder.push(frame.subarray(at, at + pieceBytes), at + pieceBytes >= frame.length)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** Walks over the blocks of one frame. @throws Error where it is none, has a larger window or more blocks than is sensible, or is not alone */
function checkFrame(frame: Buffer): void {
  if (frame.length < 9 || frame.readUInt32LE(0) !== 0xfd2fb528) throw new Error('no frame of Zstandard')
  const flags = frame[4]!
  const isSingle = (flags & 0x20) !== 0
  const sizeFlag = flags >> 6
  if ((flags & 0x0b) !== 0) throw new Error('a reserved bit, or a dictionary')
  const sizeBytes = sizeFlag === 0 ? Number(isSingle) : 1 << sizeFlag
  let at = isSingle ? 5 : 6
  const window = isSingle ? frame.readUIntLE(at, Math.min(sizeBytes, 6)) : 2 ** (10 + (frame[5]! >> 3)) * (1 + (frame[5]! & 7) / 8)
  // of a frame in a single segment the window is its whole content
  if (window > 2 ** windowLog) throw new Error('a window of more than 8 MB')
  at += sizeBytes
  let blocks = 0
  for (let isLast = false; !isLast; ) {
    const header = frame.readUIntLE(at, 3)
    isLast = (header & 1) === 1
    // a block of one repeated byte holds that byte alone
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3)
    blocks += 1
    if (blocks > freeBlocks + at / bytesPerBlock) throw new Error('too many blocks')
  }
  if (at + ((flags & 4) === 0 ? 0 : 4) !== frame.length) throw new Error('not one frame')
}
