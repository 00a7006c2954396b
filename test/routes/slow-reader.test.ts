/** A client that reads nothing of its stream for a while: the job goes its way, and the client gets everything when it reads again. */
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import t from 'tap'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { askDirect, startBridge, until } from '../helper.js'
import { message } from '../standin/index.js'

// what the job says while nothing is taken has its bound; see test/http/slow-readers.test.ts
const bridge = await startBridge(t, { direct: 1, env: { READER_LAG_MB: '100' } })
/** Of every connection to the bridge, its side of it. */
const sockets: Socket[] = []
bridge.app.server.on('connection', (socket: Socket) => sockets.push(socket))

/** More than the system's own buffers between two sockets hold. */
const pieces = Array.from({ length: 1600 }, (_, index) => `${index}:${'x'.repeat(10_000)}\n`)
const whole = pieces.join('')

/** The body of a chunked answer (RFC 9112, 7.1): a long frame comes in several chunks. */
function withoutChunks(answer: Buffer): string {
  const chunks: Buffer[] = []
  for (let at = answer.indexOf('\r\n\r\n') + 4; at < answer.length; ) {
    const begins = answer.indexOf('\r\n', at) + 2
    const length = Number.parseInt(answer.toString('latin1', at, begins), 16)
    chunks.push(answer.subarray(begins, begins + length))
    at = begins + length + 2
  }
  return Buffer.concat(chunks).toString()
}

await t.test('the job ends and is whole while nobody reads', async (t) => {
  bridge.standin.when('S-slow', message([{ type: 'text', deltas: pieces }]))
  const body = JSON.stringify(askDirect('S-slow', { stream: true }))
  const socket = connect(bridge.port, '127.0.0.1')
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  const [head] = (await once(socket, 'data')) as [Buffer]
  socket.pause()
  const id = /x-bridge-task-id: (\S+)/i.exec(head.toString())![1]!
  const server = sockets.find(({ remotePort }) => remotePort === socket.localPort)!

  let task = (await (await bridge.get(`/tasks/${id}?wait=60`)).json()) as Task
  if (task.status === 'in_progress') task = (await (await bridge.get(`/tasks/${id}?wait=60`)).json()) as Task
  t.equal(task.status, 'completed')
  t.ok(task.result?.choices[0]?.message.content === whole, 'the record is complete')
  t.ok(server.writableLength > 0, 'and the client has not taken it')
  t.ok(await until(() => bridge.app.jobs.stats('network').running === 0), 'no slot waits for it')
  t.ok(server.writableLength > 0, 'still')

  const read: Buffer[] = [head]
  socket.on('data', (bytes: Buffer) => read.push(bytes)).resume()
  await once(socket, 'close')
  const raw = withoutChunks(Buffer.concat(read))
  const text = [...raw.matchAll(/^data: (\{.*)$/gm)]
    .map((match) => (JSON.parse(match[1]!) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '')
    .join('')
  t.ok(text === whole, 'then it reads it all')
  t.match(raw, /^data: \[DONE\]$/m)
})
