/** Bodies that come compressed: the limits hold for what they say. */
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { BoundedZstd } from '../../src/http/zstd.js'
import { ask, startBridge } from '../helper.js'
import { exchange, request } from '../helper-raw.js'

const mb = 1024 * 1024
const bridge = await startBridge(t, { env: { API_KEYS: 'ann:a-key-of-some-length' }, limits: { bodyBytes: 2 * mb, lingerMs: 500 } })
const chat = '/v1/chat/completions'
const key = { authorization: 'Bearer a-key-of-some-length' }

/** Of {"model": "nobody", …}, by the program `zstd` 1.5. */
const zstdBody = Buffer.from(
  'KLUv/WQkAxUCABIEDhWQOR0ge0sNbHO7QqjX7sux5MzuZwVNaANmZfK9UlfC4rJqHt89qGbBnTWGzKLLiEEC0/epQTQLAQANHlWBAuvY6tk=',
  'base64',
)

const post = (coding: string, body: Uint8Array, headers: Record<string, string> = key) =>
  fetch(bridge.url + chat, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': coding, ...headers },
    body,
  })

/** A frame of Zstandard: each block is a type (0: as it is, 1: one byte many times), the size that it says, and its bytes. */
function frame(blocks: [type: number, size: number, bytes: Buffer][], { windowByte = 0x58, flags = 0 } = {}): Buffer {
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, flags, windowByte])]
  for (const [index, [type, size, bytes]] of blocks.entries()) {
    const header = Buffer.alloc(3)
    header.writeUIntLE((size << 3) | (type << 1) | Number(index === blocks.length - 1), 0, 3)
    parts.push(header, bytes)
  }
  return Buffer.concat(parts)
}

const text = JSON.stringify(ask('x', { model: 'nobody' }))
const plain = Buffer.from(text)
const spaces = Buffer.alloc(200 * mb, ' ')
const repeated = (times: number): [number, number, Buffer][] => Array.from({ length: times }, () => [1, 128 * 1024, Buffer.from(' ')])

await t.test('each coding is taken', async (t) => {
  const bodies: [string, Buffer][] = [
    ['gzip', gzipSync(plain)],
    ['x-gzip', gzipSync(plain)],
    ['GZIP', gzipSync(plain)],
    ['gzip', Buffer.concat([gzipSync(plain.subarray(0, 9)), gzipSync(plain.subarray(9))])],
    ['deflate', deflateSync(plain)],
    ['deflate', deflateRawSync(plain)],
    ['br', brotliCompressSync(plain)],
    ['zstd', zstdBody],
    ['zstd', frame([[0, plain.length, plain]])],
    ['identity', plain],
  ]
  for (const [coding, body] of bodies) {
    const answer = await post(coding, body)
    t.equal(answer.status, 404, coding)
    t.match(await answer.json(), { error: { code: 'model_not_found' } }, 'its model was read')
  }
})

await t.test('another coding, or several', async (t) => {
  for (const coding of ['compress', 'gzip, br', 'aws-chunked', '__proto__', 'constructor']) {
    const answer = await post(coding, plain)
    t.equal(answer.status, 415, coding)
    t.match(await answer.json(), { error: { code: 'unsupported_media_type', message: /gzip, deflate, br and zstd/ } }, coding)
  }
})

await t.test('what is not what its header says', async (t) => {
  const bodies: [string, Buffer][] = [
    ['gzip', plain],
    ['gzip', gzipSync(plain).subarray(0, 30)],
    ['gzip', deflateSync(plain)],
    ['deflate', plain],
    ['deflate', deflateSync(plain).subarray(0, 20)],
    ['deflate', deflateRawSync(plain).subarray(0, 20)],
    ['deflate', Buffer.from([0x78])],
    ['br', gzipSync(plain)],
    ['br', brotliCompressSync(plain).subarray(0, 20)],
    ['zstd', plain],
    ['zstd', zstdBody.subarray(0, 40)],
  ]
  for (const [coding, body] of bodies) {
    const answer = await post(coding, body)
    t.equal(answer.status, 400, coding)
    const { error } = (await answer.json()) as { error: { message: string } }
    t.match(error.message, new RegExp(`content-encoding: ${coding}`), coding)
  }
})

await t.test('an empty body counts as none, by whatever it is said to be compressed', async (t) => {
  for (const coding of ['gzip', 'deflate', 'br', 'zstd', 'identity']) {
    const headers = { host: 'localhost', 'content-type': 'application/json', 'content-encoding': coding, ...key }
    for (const nothing of [
      request(`POST ${chat}`, { ...headers, 'content-length': '0' }),
      request(`POST ${chat}`, { ...headers, 'transfer-encoding': 'chunked' }) + '0\r\n\r\n',
    ]) {
      const { status, body } = await exchange(bridge.port, nothing)
      t.equal(status, 400)
      t.match(body, /"The request body must be a JSON object, but it is missing\."/, coding)
    }
  }
})

await t.test('bombs', async (t) => {
  const deep = Buffer.from('['.repeat(mb))
  const bombs: [string, string, Buffer, number][] = [
    ['spaces by gzip', 'gzip', gzipSync(spaces), 413],
    ['spaces by br', 'br', brotliCompressSync(spaces), 413],
    ['spaces by deflate', 'deflate', deflateSync(spaces), 413],
    ['spaces by bare deflate', 'deflate', deflateRawSync(spaces), 413],
    ['spaces by zstd', 'zstd', frame(repeated(50)), 413],
    ['nesting by gzip', 'gzip', gzipSync(deep), 400],
    ['nesting by br', 'br', brotliCompressSync(deep), 400],
    ['nothing, for ever', 'gzip', Buffer.concat(Array.from({ length: 150_000 }, () => gzipSync(Buffer.alloc(0)))), 413],
  ]
  for (const [name, coding, body, status] of bombs) t.equal((await post(coding, body)).status, status, name)
  t.equal((await post('gzip', gzipSync(plain))).status, 404, 'the server goes on')
})

await t.test('a stranger has nothing decoded', async (t) => {
  const answer = await post('gzip', gzipSync(spaces), {})
  t.equal(answer.status, 401)
})

await t.test('a client that leaves in the middle', async (t) => {
  const body = gzipSync(plain)
  const headers = { host: 'localhost', 'content-type': 'application/json', 'content-encoding': 'gzip', 'content-length': '5000', ...key }
  const socket = connect(bridge.port, '127.0.0.1')
  socket.write(request(`POST ${chat}`, headers))
  socket.write(body)
  await sleep(100)
  socket.destroy()
  t.equal((await post('gzip', body)).status, 404, 'the server goes on')
})

await t.test('frames that cost more than they say', async (t) => {
  const decode = async (body: Buffer) =>
    Buffer.concat(
      await Readable.from([body])
        .pipe(new BoundedZstd(2 * mb))
        .toArray(),
    )
  t.equal((await decode(zstdBody)).toString().slice(0, 18), '{"model":"nobody",')
  t.equal((await decode(frame([[1, 1000, Buffer.from('a')]]))).toString(), 'a'.repeat(1000))
  const fails = async (name: string, body: Buffer, message: RegExp) => {
    const decoder = Readable.from([body]).pipe(new BoundedZstd(2 * mb))
    await t.rejects(decoder.toArray(), { message }, name)
  }
  await fails('a large window', frame([[0, 1, Buffer.from('a')]], { windowByte: 0xa8 }), /window/)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(2_000_000_000)
  const blocks = frame(Array.from({ length: 30 }, () => [1, 1, Buffer.from('a')])).subarray(6)
  await fails(
    'a single segment that says it is large',
    Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]), size, blocks]),
    /window/,
  )
  await fails('a dictionary', frame([[0, 1, Buffer.from('a')]], { flags: 1 }), /dictionary/)
  await fails('two frames', Buffer.concat([zstdBody, zstdBody]), /not one frame/)
  await fails('a frame and a rest', Buffer.concat([zstdBody, plain]), /not one frame/)
  await fails('blocks of one byte', frame(Array.from({ length: 5000 }, () => [1, 1, Buffer.from('a')])), /too many blocks/)
  await fails('one byte many times', frame(repeated(50)), /larger than/)
})
