/** One large POST over a socket of its own, made of pieces, so that the sender holds nothing of it. */
import { once } from 'node:events'
import { connect } from 'node:net'

export interface Post {
  route: string
  /** further header lines */
  headers?: string[]
  /** the body: `open`, then `unit` so many times, then `close`; ASCII */
  open: string
  unit: string
  pieces: number
  close: string
  /** the body is never finished: the connection is kept open that long in place of `close` */
  hangMs?: number
  /** chunked transfer with a chunk for each byte */
  byteChunks?: boolean
}

export interface PostEnd {
  /** 0 where the connection ended without an answer */
  status: number
}

/** Sends it and reads the status of the answer; what cannot be sent any more is left. Never rejects. */
export async function sendPost(port: number, post: Post): Promise<PostEnd> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  let over = false
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      over = true
      resolve()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      over = true
      resolve()
    })
  })
  const write = async (bytes: string | Buffer) => {
    if (!over && !socket.write(bytes)) await Promise.race([once(socket, 'drain').catch(() => undefined), ended])
  }
  const length = post.open.length + post.unit.length * post.pieces + post.close.length
  const framing = post.byteChunks ? 'transfer-encoding: chunked' : `content-length: ${length}`
  const head = [`POST ${post.route} HTTP/1.1`, 'host: localhost', 'content-type: application/json', framing, ...(post.headers ?? [])]
  const bytes = (part: string) => Buffer.from(post.byteChunks ? part.replace(/./g, '1\r\n$&\r\n') : part)
  await write(`${head.join('\r\n')}\r\n\r\n`)
  await write(bytes(post.open))
  const unit = bytes(post.unit)
  for (let sent = 0; sent < post.pieces && !over; sent++) await write(unit)
  if (post.hangMs === undefined)
    await write(post.byteChunks ? Buffer.concat([bytes(post.close), Buffer.from('0\r\n\r\n')]) : bytes(post.close))
  const limit = post.hangMs === undefined ? [] : [new Promise((resolve) => setTimeout(resolve, post.hangMs))]
  await Promise.race([ended, ...limit])
  socket.destroy()
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0) }
}
