/** Clients that do not take their answers: what is held for them is bounded in bytes and in time, and no job minds. */
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startBridge, until } from '../helper.js'
import { FrameReader } from '../helper-sse.js'
import { startServer, temporary } from '../helper-server.js'
import { type Script, chunk, open, send, startProvider } from '../upstreams/provider.js'

const megabyte = 1024 * 1024
const provider = await startProvider(t)
const upstreams = JSON.stringify({ acme: { base_url: provider.url, models: '*' } })
const limits = { freeAnswerBytes: 64 * 1024, unsentBytes: 40 * megabyte }
const bridge = await startBridge(t, {
  env: { UPSTREAMS: upstreams, MAX_STREAMS: '3' },
  limits,
  timing: { stallMs: 1500, lagBytes: 4 * megabyte },
})

/** Says so many megabytes, in pieces of 64 KiB. */
const saying =
  (megabytes: number, everyMs = 0): Script =>
  async (response) => {
    open(response)
    send(response, chunk({ role: 'assistant', content: '' }))
    for (let piece = 0; piece < megabytes * 16; piece++) {
      if (!response.write(`data: ${JSON.stringify(chunk({ content: 'y'.repeat(65_536) }))}\n\n`)) await once(response, 'drain')
      if (everyMs > 0) await sleep(everyMs)
    }
    send(response, chunk({}, 'stop'))
    response.end('data: [DONE]\n\n')
  }

async function start(url: string, marker: string): Promise<string> {
  const body = JSON.stringify({ model: 'acme/big', messages: [{ role: 'user', content: marker }] })
  const response = await fetch(`${url}/tasks`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return ((await response.json()) as { id: string }).id
}

async function ended(url: string, id: string): Promise<string> {
  for (;;) {
    const { status } = (await (await fetch(`${url}/tasks/${id}?wait=30`)).json()) as { status: string }
    if (status !== 'queued' && status !== 'in_progress') return status
  }
}

/** A GET whose answer is not read; `closed` resolves when the server has closed the connection. */
function unread(url: string, path: string): { socket: Socket; closed: Promise<unknown> } {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
  // nothing is read until it is asked for: the kernel's buffers fill up
  socket.pause()
  return { socket, closed: once(socket, 'close') }
}

provider.when('S-ten', saying(10))
const ten = await start(bridge.url, 'S-ten')
t.equal(await ended(bridge.url, ten), 'completed')

await t.test('a reader that takes nothing is dropped after a time, and one that is slow gets all', async (t) => {
  const { socket } = unread(bridge.url, `/tasks/${ten}/events`)
  await until(() => bridge.app.streams.of('anonymous') === 1)
  t.equal(bridge.app.streams.of('anonymous'), 1)
  t.ok(await until(() => bridge.app.streams.of('anonymous') === 0, 10_000), 'the server has let it go')
  socket.destroy()

  const reader = new FrameReader(await bridge.get(`/tasks/${ten}/events`))
  let characters = 0
  for (let frame = await reader.next(), read = 0; frame !== undefined; frame = await reader.next()) {
    characters += /"text":"(y+)"/.exec(frame.data ?? '')?.[1]?.length ?? 0
    // two seconds in all, each pause shorter than what ends a reader
    if (++read % 40 === 0) await sleep(500)
  }
  t.equal(characters, 10 * megabyte)
})

await t.test('a reader of a job at work is dropped where the job says too much meanwhile', async (t) => {
  const patient = await startBridge(t, { env: { UPSTREAMS: upstreams }, timing: { stallMs: 60_000, lagBytes: 4 * megabyte } })
  provider.when('S-live', saying(40, 5))
  const id = await start(patient.url, 'S-live')
  await until(() => provider.of('S-live').length === 1)
  const { socket } = unread(patient.url, `/tasks/${id}/events`)
  await until(() => patient.app.streams.of('anonymous') === 1)
  t.ok(await until(() => patient.app.streams.of('anonymous') === 0, 15_000))
  t.ok((await patient.app.jobs.said(id)) > 4 * megabyte, 'not before it lagged')
  t.ok(patient.app.jobs.atWork(id) !== null, 'before its job had ended')
  socket.destroy()
  t.equal(await ended(patient.url, id), 'completed', 'which is not touched')
})

await t.test('whole answers that are not taken', async (t) => {
  const { app } = bridge
  const first = unread(bridge.url, `/tasks/${ten}`)
  t.ok(await until(() => app.unsent.bytes > 10 * megabyte))
  const refused = await bridge.get(`/tasks/${ten}`)
  t.equal(refused.status, 503)
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  t.match(await refused.json(), { error: { code: 'server_is_overloaded', message: /wait for their clients/ } })
  t.equal((await bridge.get('/health')).status, 200, 'small answers go on')
  t.ok(await until(() => app.unsent.bytes === 0, 10_000), 'the connection is closed after a time')
  first.socket.destroy()
  const { result } = (await (await bridge.get(`/tasks/${ten}`)).json()) as { result: { choices: { message: { content: string } }[] } }
  t.equal(result.choices[0]!.message.content.length, 10 * megabyte)
  const listed = (await (await bridge.get('/tasks')).json()) as { data: { id: string }[] }
  t.equal(listed.data[0]!.id, ten, 'a list is counted as well, and is taken')
  t.ok(await until(() => app.unsent.bytes === 0))
})

await t.test('open streams of an owner', async (t) => {
  const held = [1, 2, 3].map(() => unread(bridge.url, `/tasks/${ten}/events`))
  await until(() => bridge.app.streams.of('anonymous') === 3)
  const tasks = async () => ((await (await bridge.get('/tasks?limit=100')).json()) as { data: unknown[] }).data.length
  const before = await tasks()
  const question = { model: 'acme/big', messages: [{ role: 'user', content: 'S-short' }] }
  for (const [path, body] of [
    ['/v1/chat/completions', { ...question, stream: true }],
    ['/v1/responses', { model: 'acme/big', input: 'S-short', stream: true }],
    [`/tasks/${ten}/events`, null],
    ['/mcp', { jsonrpc: '2.0', id: 1, method: 'ping' }],
  ] as const) {
    const response = await (body === null ? bridge.get(path) : bridge.post(path, body))
    t.equal(response.status, 429, path)
    t.match(await response.json(), { error: { code: 'rate_limit_exceeded', message: /MAX_STREAMS/ } }, path)
  }
  t.equal(await tasks(), before, 'none has become a job')
  t.equal((await bridge.post('/v1/chat/completions', question)).status, 200, 'a blocking request is no stream')
  for (const { socket } of held) socket.destroy()
  await until(() => bridge.app.streams.of('anonymous') === 0)
  t.equal((await bridge.post('/v1/chat/completions', { ...question, stream: true })).status, 200)
})

await t.test('200 readers that never read, on a heap of 192 MB', async (t) => {
  const server = await startServer(t, {
    PATH: process.env['PATH']!,
    HOME: temporary(t),
    DATA_DIR: temporary(t),
    PORT: '0',
    LOG_LEVEL: 'info',
    MAX_STREAMS: '1000',
    UPSTREAMS: upstreams,
    WARM_PROCESSES: '0',
    START_PROBE: '0',
    NODE_OPTIONS: '--max-old-space-size=192',
  })
  const id = await start(server.url, 'S-ten')
  t.equal(await ended(server.url, id), 'completed')
  const readers = Array.from({ length: 200 }, () => unread(server.url, `/tasks/${id}/events`))
  t.teardown(() => readers.forEach(({ socket }) => socket.destroy()))
  // each has taken its first piece
  await until(() => readers.every(({ socket }) => socket.bytesRead > 0), 30_000)
  await sleep(1000)
  t.equal((await fetch(`${server.url}/health`)).status, 200)
  t.equal(server.process.exitCode, null)
  const text = await (await fetch(`${server.url}/tasks/${id}/events`)).text()
  t.match(text.slice(-2000), /event: end/, 'another reads to the end')
})
