/** What a body may cost while it comes, for those who are let in as well. */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Post, sendPost } from '../../bench/post.js'
import { ask, startBridge, until } from '../helper.js'
import { exchange, request } from '../helper-raw.js'

const mb = 1024 * 1024
const limits = { heldBytes: 8 * mb, freeBodyBytes: mb / 4, bodySilenceMs: 1000, lingerMs: 500 }
const bridge = await startBridge(t, { limits })
const { port } = bridge
const chat = '/v1/chat/completions'
const json = { host: 'localhost', 'content-type': 'application/json' }

/** Sends it whole or in part; the answer has to be that error, in the envelope. */
async function refused(t: Test, name: string, bytes: string, status: number, code: string): Promise<void> {
  const answer = await exchange(port, bytes)
  t.equal(answer.status, status, name)
  t.match(JSON.parse(answer.body), { error: { code, message: String, type: String, param: null } }, name)
  t.match(answer.headers['x-request-id'], /^req_/, name)
}

await t.test('a bomb is refused before it has come', async (t) => {
  const announced = { ...json, 'content-length': '60000000' }
  await refused(t, 'brackets', request(`POST ${chat}`, announced, '['.repeat(600)), 400, 'invalid_json')
  await refused(t, 'braces', request(`POST ${chat}`, announced, '{"a":'.repeat(600)), 400, 'invalid_json')
  await refused(t, 'to another route', request('POST /mcp', announced, '[{"x":'.repeat(300)), 400, 'invalid_json')
  await refused(t, 'numbers', request(`POST ${chat}`, announced, `[${'0,'.repeat(300_001)}`), 413, 'request_too_large')
  await refused(t, 'objects', request('POST /tasks', announced, `[${'{},'.repeat(150_001)}`), 413, 'request_too_large')
  await refused(
    t,
    'in chunks',
    request(`POST ${chat}`, { ...json, 'transfer-encoding': 'chunked' }, `258\r\n${'['.repeat(600)}\r\n`),
    400,
    'invalid_json',
  )
  const text = JSON.stringify(ask('[{,'.repeat(400_000), { model: 'nobody' }))
  t.equal((await bridge.post(chat, text)).status, 404, 'a text that only looks like one is taken')
})

await t.test('other charsets', async (t) => {
  const body = JSON.stringify(ask('x', { model: 'nobody' }))
  const post = (headers: Record<string, string>, bytes: Buffer | string = body) =>
    fetch(bridge.url + chat, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: bytes })
  t.equal((await post({ 'content-encoding': 'identity' })).status, 404)
  for (const charset of ['utf-16', 'iso-8859-1', '"utf-7"', 'x']) {
    const answer = await post({ 'content-type': `application/json; charset=${charset}` })
    t.equal(answer.status, 415, charset)
    t.match(await answer.json(), { error: { code: 'unsupported_media_type', message: /UTF-8/ } })
  }
  for (const charset of ['utf-8', 'UTF-8', '"utf-8"', 'utf8'])
    t.equal((await post({ 'content-type': `application/json;charset=${charset}` })).status, 404, charset)
  const utf16 = Buffer.from(body, 'utf16le')
  t.equal((await post({}, utf16)).status, 400)
  t.equal((await post({}, `\ufeff${body}`)).status, 404, 'a byte order mark is no matter')
})

await t.test('a route that wants no body takes no large one', async (t) => {
  for (const line of ['POST /tasks/task_x/cancel', 'DELETE /tasks/task_x']) {
    await refused(t, line, request(line, { ...json, 'content-length': '2000000' }), 413, 'request_too_large')
  }
  await refused(t, 'no such place', request('POST /nowhere', { ...json, 'content-length': '60000000' }), 404, 'unknown_url')
})

await t.test('unfinished bodies hold no more than their room', async (t) => {
  const post: Post = { route: chat, open: '{"x":"', unit: 'x'.repeat(mb), close: '"}', pieces: 30, hangMs: 600 }
  const before = process.memoryUsage().arrayBuffers
  const sending = Promise.all(Array.from({ length: 10 }, () => sendPost(port, post)))
  await sleep(400)
  t.ok(process.memoryUsage().arrayBuffers - before < 60 * mb)
  const small = await bridge.post(chat, ask('x'.repeat(100_000), { model: 'nobody' }))
  t.equal(small.status, 404, 'a small one is read beside them')
  t.match(
    (await sending).map(({ status }) => status),
    Array.from({ length: 10 }, () => 503),
  )
  const overloaded = await exchange(
    port,
    request(`POST ${chat}`, { ...json, 'content-length': String(20 * mb) }, `"${'x'.repeat(10 * mb)}`),
  )
  t.match(overloaded, { status: 503, headers: { 'retry-after': '2', connection: 'close' } })
  t.match(JSON.parse(overloaded.body), { error: { code: 'server_is_overloaded' } })
  t.equal((await bridge.post(chat, ask('x'.repeat(4 * mb), { model: 'nobody' }))).status, 404, 'and the room is free again')
})

await t.test('a body that stops coming', async (t) => {
  const from = Date.now()
  await refused(t, 'silence', request(`POST ${chat}`, { ...json, 'content-length': '100' }, '{"model":'), 408, 'request_timeout')
  t.ok(Date.now() - from >= 950)
  t.ok(Date.now() - from < 10_000)
})

await t.test('a flood of tiny chunks', async (t) => {
  const chunks = `{"x":"${'x'.repeat(30_000)}`.replace(/./g, '1\r\n$&\r\n')
  await refused(t, 'one byte each', request(`POST ${chat}`, { ...json, 'transfer-encoding': 'chunked' }, chunks), 400, 'invalid_request')
  const body = JSON.stringify(ask('x', { model: 'nobody' }))
  const few = request(
    `POST ${chat}`,
    { ...json, 'transfer-encoding': 'chunked' },
    `${body.replace(/./g, '1\r\n$&\r\n')}0\r\nx-trailer: 1\r\n\r\n`,
  )
  t.equal((await exchange(port, few)).status, 404, 'a small body may come as it likes')
})

await t.test('a client that leaves in the middle', async (t) => {
  const post: Post = { route: chat, open: '{"x":"', unit: 'x'.repeat(mb), close: '"}', pieces: 5, hangMs: 100 }
  await Promise.all(Array.from({ length: 3 }, () => sendPost(port, post)))
  // those that were refused for want of room are drained a moment longer
  await sleep(limits.lingerMs + 500)
  t.ok(await until(() => bridge.app.connectionRoom.size < 3))
  t.equal((await bridge.post(chat, ask('x'.repeat(7 * mb), { model: 'nobody' }))).status, 404, 'leaves no room taken')
})

t.equal(bridge.standin.calls.length, 0)
