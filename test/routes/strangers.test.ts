/** A server with keys: nothing but the open pages is looked at before the key, no byte of a body either. */
import http from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { sendPost } from '../../bench/post.js'
import { ask, startBridge, until } from '../helper.js'
import { exchange, request } from '../helper-raw.js'

const key = 'the-key-of-this-test'
const limits = { wrongKeyFirstMs: 20, wrongKeyLongestMs: 400, lingerMs: 500 }
const bridge = await startBridge(t, { env: { API_KEYS: `me:${key}` }, limits })
const { port } = bridge
const mine = { authorization: `Bearer ${key}` }
const big = { 'content-type': 'application/json', 'content-length': '60000000' }

/** Writes bytes, keeps the connection open, and returns all that comes until the server ends it, or in `ms`. */
async function all(bytes: string, ms = 5000): Promise<{ text: string; ended: boolean }> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  let text = ''
  let ended = false
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  socket.on('end', () => (ended = true)).on('close', () => (ended = true))
  socket.write(bytes)
  await until(() => ended, ms)
  socket.destroy()
  return { text, ended }
}

function isRefused(t: Test, text: string, name: string): void {
  t.match(text, /^HTTP\/1\.1 401 /, `${name}: status`)
  t.match(text, /\r\nconnection: close\r\n/i, `${name}: the connection is closed`)
  t.match(text, /"code":"invalid_api_key"/, `${name}: code`)
  t.match(text, /\r\nx-request-id: req_/, `${name}: request id`)
  t.match(text, /\r\nwww-authenticate: Bearer\r\n/, `${name}: what is asked for`)
}

await t.test('everything is refused, what does not exist included', async (t) => {
  const targets = [
    '/v1/chat/completions',
    '/nowhere',
    '/v1/models',
    '/metrics',
    '/mcp',
    '/tasks/task_x/files/..%2F..%2Fx',
    '//health',
    '/%2e/health',
    '/docs/../v1/models',
    '/docs/%2e%2e/v1/models',
    '/docs%2f..%2fv1/models',
    '/docs/nowhere',
    '/docs/static/nowhere.js',
    '/DOCS',
    '/Health',
    '/HEALTH/ready',
    '/health/../v1/models',
    '/health%2f..%2fmetrics',
    '/healthz',
    '/health;x=/metrics',
    '/openapi.json/x',
    '/metrics?/health',
    '/metrics?x=/docs',
    '/tasks/%zz',
    '/%',
    `/tasks/${'a'.repeat(5000)}`,
    'http://localhost/v1/models',
    'http://localhost/health/x',
  ]
  const wanted = (target: string) => (/^\/docs\/(nowhere|static|\.\.|%2e)/.test(target) ? /^HTTP\/1\.1 (40[134]|413) / : /^HTTP\/1\.1 401 /)
  for (const target of targets) {
    for (const method of ['GET', 'POST', 'DELETE', 'PROPFIND', 'TRACE', 'QUERY']) {
      const { text, ended } = await all(request(`${method} ${target}`, { host: 'localhost', ...big }))
      t.match(text, wanted(target), `${method} ${target}`)
      t.notMatch(text, /"object":"list"|bridge_http/, `${method} ${target}: shows nothing`)
      t.ok(ended, `${method} ${target}: ends`)
    }
  }
})

await t.test('the answer says what is wanted, and closes the connection', async (t) => {
  for (const line of [
    'POST /v1/chat/completions',
    'GET /nowhere',
    'POST /v1/responses/',
    'PUT /tasks?x=1',
    'POST /tasks/%zz',
    'DELETE /mcp',
  ]) {
    const { text, ended } = await all(request(line, { host: 'localhost', ...big }))
    isRefused(t, text, line)
    t.ok(ended)
  }
  const head = await all(request('HEAD /v1/models', { host: 'localhost' }))
  t.match(head.text, /^HTTP\/1\.1 401 .*connection: close/is)
  t.match(head.text, /\r\n\r\n$/, 'a HEAD has no body')
  const upgrade = { host: 'localhost', connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  isRefused(t, (await all(request('GET /mcp', upgrade))).text, 'an upgrade')
  isRefused(t, (await all('GET /v1/models HTTP/1.0\r\n\r\n')).text, 'HTTP/1.0 without a host')
  isRefused(t, (await all('GET /v1/models HTTP/1.1\r\n\r\n')).text, 'HTTP/1.1 without a host')
})

await t.test('the key is looked at before anything is said to go on', async (t) => {
  const expecting = { host: 'localhost', ...big, expect: '100-continue' }
  const stranger = await all(request('POST /v1/chat/completions', expecting))
  isRefused(t, stranger.text, 'a stranger')
  t.notMatch(stranger.text, /100 Continue/)
  isRefused(t, (await all(request('POST /tasks', { ...expecting, expect: 'the-impossible' }))).text, 'another expectation')
  const tooLarge = await all(request('POST /v1/chat/completions', { ...expecting, ...mine, 'content-length': '99000000' }))
  t.match(tooLarge.text, /^HTTP\/1\.1 413 .*connection: close/is, 'what is too large is refused as well')
  const wrongType = await all(request('POST /v1/chat/completions', { ...expecting, ...mine, 'content-type': 'text/plain' }))
  t.match(wrongType.text, /^HTTP\/1\.1 415 /)
  const body = JSON.stringify(ask('x', { model: 'nobody' }))
  const known = await all(request('POST /v1/chat/completions', { ...expecting, ...mine, 'content-length': String(body.length) }, body), 500)
  t.match(known.text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 404 .*model_not_found/s)
})

await t.test('two keys, and other ways to say one', async (t) => {
  const twice = `GET /v1/models HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\nauthorization: Bearer ${key}\r\n\r\n`
  isRefused(t, (await all(twice)).text, 'twice the same')
  const two = `GET /v1/models HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\nauthorization: Bearer other\r\n\r\n`
  isRefused(t, (await all(two)).text, 'the right one first')
  for (const authorization of [
    `Bearer ${key}, Bearer ${key}`,
    `Bearer ${key}x`,
    `Bearer ${key.slice(1)}`,
    `Basic ${key}`,
    key,
    'Bearer',
    `Bearer\t${key}`,
  ]) {
    isRefused(t, (await all(request('GET /v1/models', { host: 'localhost', authorization }))).text, authorization)
  }
  const huge = await exchange(port, request('GET /v1/models', { host: 'localhost', authorization: `Bearer ${'x'.repeat(20_000)}` }))
  t.equal(huge.status, 431)
  isRefused(
    t,
    (await all(request('GET /v1/models', { host: 'localhost', authorization: `Bearer ${'x'.repeat(15_000)}` }))).text,
    'a huge one',
  )
})

await t.test('the open pages are open, and take in no body', async (t) => {
  for (const target of ['/health', '/health/', '/health?x=1', '/health/ready', '/openapi.json', '/docs', '/docs/', '/docs/json', '/']) {
    t.match(String((await exchange(port, request(`GET ${target}`, { host: 'localhost' }))).status), /^(200|302)$/, target)
  }
  for (const line of ['GET /health', 'OPTIONS /v1/chat/completions', 'GET /docs']) {
    const { text, ended } = await all(request(line, { host: 'localhost', ...big }))
    t.match(text, /connection: close/i, `${line} with a body that does not come`)
    t.ok(ended)
  }
})

await t.test('requests behind a refused one are not worked at', async (t) => {
  const task = JSON.stringify(ask('S-behind'))
  const behind = request(
    'POST /tasks',
    { host: 'localhost', ...mine, 'content-type': 'application/json', 'content-length': String(task.length) },
    task,
  )
  for (const first of [
    request('GET /v1/models', { host: 'localhost' }),
    request('POST /tasks', { host: 'localhost', 'content-type': 'application/json', 'content-length': '2' }, '{}'),
    request('POST /tasks', { host: 'localhost', 'transfer-encoding': 'chunked' }, '2\r\n{}\r\n0\r\nx-trailer: y\r\n\r\n'),
    request('GET /v1/models', { host: 'localhost', authorization: 'Bearer wrong' }),
  ]) {
    const { text } = await all(first + behind + behind)
    isRefused(t, text, first)
    t.equal(text.split('HTTP/1.1').length, 2, 'one answer')
  }
  const { data } = (await (await bridge.get('/tasks', mine)).json()) as { data: unknown[] }
  t.strictSame(data, [])
})

await t.test('clients that send 60 MB read the answer', async (t) => {
  const body = Buffer.alloc(60 * 1024 * 1024, 'x')
  const from = Date.now()
  for (const route of ['/v1/chat/completions', '/nowhere']) {
    const byFetch = await fetch(bridge.url + route, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    t.equal(byFetch.status, 401, `fetch ${route}`)
    t.match(await byFetch.json(), { error: { code: 'invalid_api_key' } })
    const byNode = await new Promise<number | undefined>((resolve, reject) => {
      const sent = http.request(bridge.url + route, { method: 'POST', headers: { 'content-length': String(body.length) } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', reject)
      sent.end(body)
    })
    t.equal(byNode, 401, `node:http ${route}`)
  }
  const small = await bridge.post('/nowhere', { x: 'y'.repeat(1_000_000) })
  t.equal(small.status, 401)
  t.ok(Date.now() - from < 10_000)
})

await t.test('unfinished bodies hold nothing', async (t) => {
  const post = { route: '/tasks', open: '{"x":"', unit: 'x'.repeat(1024 * 1024), close: '"}', pieces: 30, hangMs: 300 }
  const before = process.memoryUsage().arrayBuffers
  const ends = await Promise.all(Array.from({ length: 20 }, () => sendPost(port, post)))
  t.ok(ends.every(({ status }) => status === 401))
  t.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024)
  t.ok(await until(() => bridge.app.connectionRoom.size <= 5), 'and no connection')
})

await t.test('only answers to wrong keys wait', async (t) => {
  const wrong = { authorization: 'Bearer wrong' }
  const timed = async (headers: Record<string, string>, route = '/v1/models') => {
    const from = Date.now()
    const { status } = await bridge.get(route, headers)
    return { status, ms: Date.now() - from }
  }
  const first = await timed(wrong)
  t.equal(first.status, 401)
  for (let at = 0; at < 6; at++) await timed(wrong)
  t.ok((await timed(wrong)).ms >= 390, 'the longest delay')
  t.ok((await timed(wrong, '/health')).ms >= 390, 'health does not tell it sooner')
  const waiting = Array.from({ length: 20 }, () => timed(wrong))
  await sleep(50)
  const right = await timed(mine)
  t.equal(right.status, 200)
  t.ok(right.ms < 300, `a right key of the same address at once: ${right.ms} ms`)
  const missing = await timed({})
  t.equal(missing.status, 401)
  t.ok(missing.ms < 300, `none at all is told at once: ${missing.ms} ms`)
  t.ok((await Promise.all(waiting)).every(({ status }) => status === 401))
})

await t.test('they are counted', async (t) => {
  const metrics = await (await bridge.get('/metrics', mine)).text()
  t.match(metrics, /bridge_http_requests_total\{method="POST",route="none",status="401"\} \d/)
  t.match(metrics, /bridge_http_requests_total\{method="POST",route="\/v1\/chat\/completions",status="401"\} \d/)
})

t.equal(bridge.standin.calls.length, 0)
