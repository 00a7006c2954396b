/** Requests that never come to an end, connections that bring none, and answers that take long. */
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ask, gate, startBridge, until } from '../helper.js'
import { exchange, request } from '../helper-raw.js'
import { FrameReader } from '../helper-sse.js'
import { message } from '../standin/index.js'

const limits = {
  ...{ headersMs: 1000, requestMs: 2000, checkEveryMs: 100, keepAliveMs: 1000, strangerSilenceMs: 1000 },
  ...{ connections: 20, lingerMs: 300 },
}

/** Sends a byte now and then; returns what came and how long the connection lived. */
async function drip(port: number, first: string, unit: string, everyMs: number): Promise<{ text: string; ms: number }> {
  const from = Date.now()
  const socket = connect(port, '127.0.0.1')
  let text = ''
  let ended = false
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  socket
    .on('error', () => undefined)
    .on('close', () => (ended = true))
    .on('end', () => (ended = true))
  if (first !== '') socket.write(first)
  while (!ended && Date.now() - from < 15_000) {
    await sleep(everyMs)
    if (unit !== '' && !ended) socket.write(unit)
  }
  socket.destroy()
  return { text, ms: Date.now() - from }
}

await t.test('without keys', async (t) => {
  const bridge = await startBridge(t, { limits, timing: { commentEveryMs: 100 } })
  const { port } = bridge
  const body = { host: 'localhost', 'content-type': 'application/json', 'content-length': '1000000' }

  await t.test('slow heads and bodies are ended in the envelope', async (t) => {
    const [head, line, slowBody, none] = await Promise.all([
      drip(port, 'POST /tasks HTTP/1.1\r\nhost: localhost\r\n', 'x-a: b\r\n', 100),
      drip(port, 'POST /ta', 'a', 100),
      drip(port, request('POST /tasks', body), ' ', 100),
      drip(port, '', '', 100),
    ])
    for (const { text, ms } of [head, line, slowBody]) {
      t.match(text, /^HTTP\/1\.1 408 .*"code":"request_timeout"/s)
      t.match(text, /x-request-id: req_/)
      t.ok(ms < 10_000, `${ms} ms`)
    }
    t.ok(none.ms < 10_000, `a connection that says nothing is ended: ${none.ms} ms`)
  })

  await t.test('a long answer is not', async (t) => {
    const { opened, open } = gate()
    bridge.standin.when('L-long', message('one two', { hold: { afterDeltas: 1, until: opened } }))
    const stream = new FrameReader(await bridge.post('/v1/chat/completions', ask('L-long', { stream: true })))
    const blocked = bridge.post('/v1/chat/completions', ask('L-long'))
    await until(() => bridge.standin.calls.length === 2)
    // longer than each of the limits
    await sleep(4000)
    open()
    t.match((await stream.all()).at(-1), { data: '[DONE]' })
    t.equal((await blocked).status, 200)
  })

  await t.test('an unused connection has an end', async (t) => {
    const unused = connect(port, '127.0.0.1')
    let over = false
    unused
      .on('close', () => (over = true))
      .on('error', () => undefined)
      .resume()
    unused.write(request('GET /health', { host: 'localhost' }))
    t.ok(await until(() => over, 10_000), 'one that is not used any more is ended')
  })
})

await t.test('with keys: strangers leave room for others', async (t) => {
  const key = 'the-key-of-this-test'
  const bridge = await startBridge(t, { limits: { ...limits, headersMs: 20_000, requestMs: 20_000 }, env: { API_KEYS: `me:${key}` } })
  const open = Array.from({ length: 60 }, () => connect(bridge.port, '127.0.0.1'))
  for (const socket of open) socket.on('error', () => undefined)
  await until(() => open.filter(({ destroyed }) => destroyed).length >= 40)
  t.ok(bridge.app.connectionRoom.size <= 20)
  for (let at = 0; at < 5; at++) {
    const answer = await exchange(bridge.port, request('GET /v1/models', { host: 'localhost', authorization: `Bearer ${key}` }))
    t.equal(answer.status, 200)
  }
  for (const socket of open) socket.destroy()
})

await t.test('all addresses of localhost are looked after', async (t) => {
  const bridge = await startBridge(t, { env: { HOST: 'localhost', API_KEYS: 'me:the-key-of-this-test' } })
  const six = bridge.app.addresses().find((address): address is AddressInfo => typeof address === 'object' && address.family === 'IPv6')
  if (six === undefined) return t.pass('there is no IPv6 here')
  const socket = connect(six.port, '::1')
  let text = ''
  let ended = false
  socket
    .setEncoding('latin1')
    .on('data', (chunk: string) => (text += chunk))
    .on('end', () => (ended = true))
    .on('error', () => undefined)
  const expecting = { host: 'localhost', expect: '100-continue', 'content-length': '9', connection: 'Upgrade', upgrade: 'websocket' }
  socket.write(request('POST /tasks', expecting))
  await until(() => ended)
  t.match(text, /^HTTP\/1\.1 401 /)
  socket.destroy()
})
