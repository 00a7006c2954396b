/** Who may use the server: keys where there are any, else nobody but this machine. */
import os from 'node:os'
import t from 'tap'
import { ask, startBridge } from '../helper.js'
import { exchange, request } from '../helper-raw.js'
import { message } from '../standin/index.js'

interface Problem {
  error: { code: string }
}

await t.test('with keys', async (t) => {
  const env = { API_KEYS: 'ann:long-key-of-ann-1, bob:long-key-of-bob-1,a-plain-key-of-16', HOST: '0.0.0.0' }
  // the delay of answers to wrong keys is looked at in strangers.test.ts
  const bridge = await startBridge(t, { env, limits: { wrongKeyFirstMs: 1, wrongKeyLongestMs: 1 } })
  const as = (key: string) => ({ authorization: `Bearer ${key}` })

  await t.test('only who knows one', async (t) => {
    const wrong: Record<string, string>[] = [
      {},
      as('nobody'),
      as(''),
      as('ann:long-key-of-ann-1'),
      { authorization: 'long-key-of-ann-1' },
      { authorization: 'Basic long-key-of-ann-1' },
      { authorization: 'Bearer long-key-of-ann-1 extra' },
    ]
    for (const headers of wrong) {
      for (const response of [
        await bridge.get('/tasks', headers),
        await bridge.get('/v1/models', headers),
        await bridge.get('/tasks/task_x/events', headers),
        await bridge.post('/v1/chat/completions', ask('x'), headers),
      ]) {
        const body = (await response.json()) as Problem
        t.equal(response.status, 401)
        t.match(body, { error: { code: 'invalid_api_key', type: 'invalid_request_error', param: null } })
        t.equal(response.headers.get('www-authenticate'), 'Bearer')
        t.match(response.headers.get('x-request-id'), /^req_/)
        t.notMatch(JSON.stringify(body), /key-of/)
      }
    }
    t.equal((await bridge.get('/v1/models?api_key=any')).status, 401, 'never in the URL')
    for (const headers of [as('long-key-of-ann-1'), as('a-plain-key-of-16'), { authorization: 'bearer   long-key-of-bob-1  ' }]) {
      t.equal((await bridge.get('/v1/models', headers)).status, 200)
    }
  })

  await t.test('some pages are open', async (t) => {
    for (const route of ['/health', '/health/ready', '/openapi.json', '/docs', '/docs/json']) {
      const { status } = await bridge.get(route)
      t.ok(status === 200 || status === 302, `${route}: ${status}`)
    }
    for (const route of ['/nowhere', '/docsecret']) {
      t.equal((await bridge.get(route)).status, 401)
      t.equal((await bridge.get(route, as('long-key-of-ann-1'))).status, 404)
    }
  })

  await t.test('names do not matter, as a page would have to know a key', async (t) => {
    const answer = await exchange(
      bridge.port,
      request('GET /v1/models', { host: 'bridge.example', origin: 'https://bridge.example', ...as('long-key-of-ann-1') }),
    )
    t.equal(answer.status, 200)
    t.equal(answer.headers['access-control-allow-origin'], 'https://bridge.example')
  })

  await t.test('origins do', async (t) => {
    const headers = { host: 'bridge.example', origin: 'https://evil.example' }
    const answer = await exchange(bridge.port, request('GET /v1/models', { ...headers, ...as('long-key-of-ann-1') }))
    t.equal(answer.status, 403)
    t.match(JSON.parse(answer.body), { error: { code: 'origin_not_allowed', message: /ALLOWED_ORIGINS/ } })
    t.equal(answer.headers['access-control-allow-origin'], undefined)
    t.equal((await exchange(bridge.port, request('GET /health', headers))).status, 403, 'on the open pages, too')
    t.equal((await exchange(bridge.port, request('GET /v1/models', headers))).status, 401, 'the key comes first')
    const page = { host: 'bridge.example', origin: 'http://localhost:5173' }
    const refused = await exchange(bridge.port, request('POST /v1/chat/completions', page))
    t.equal(refused.status, 401)
    t.equal(refused.headers['access-control-allow-origin'], page.origin, 'a page that is let in can read that its key is missing')
  })

  await t.test("another key's tasks do not exist", async (t) => {
    bridge.standin.when('A-task', message('of ann'))
    const created = await bridge.post('/tasks', ask('A-task'), as('long-key-of-ann-1'))
    const { id } = (await created.json()) as { id: string }
    const paths: [string, string][] = [
      ['GET', `/tasks/${id}`],
      ['GET', `/tasks/${id}?wait=1`],
      ['GET', `/tasks/${id}/events`],
      ['POST', `/tasks/${id}/cancel`],
      ['DELETE', `/tasks/${id}`],
    ]
    for (const [method, route] of paths) {
      const response = await fetch(bridge.url + route, { method, headers: as('long-key-of-bob-1') })
      t.equal(response.status, 404, `${method} ${route}`)
      t.match(await response.json(), { error: { code: 'task_not_found' } })
    }
    const list = async (key: string) => {
      const page = (await (await bridge.get('/tasks', as(key))).json()) as { data: { id: string }[] }
      return page.data
    }
    t.strictSame(await list('long-key-of-bob-1'), [])
    t.match(await list('long-key-of-ann-1'), [{ id }])
    const mine = await bridge.get(`/tasks/${id}?wait=20`, as('long-key-of-ann-1'))
    t.match(await mine.json(), { status: 'completed', result: { choices: [{ message: { content: 'of ann' } }] } })
    const after = async (given: string) => {
      const response = await bridge.get(`/tasks?after=${given}`, as('long-key-of-bob-1'))
      return `${response.status} ${await response.text()}`.replaceAll(given, 'it')
    }
    t.equal(await after(id), await after('task_of_nobody'), 'not even as the end of a page')
  })

  await t.test('the same idempotency key of two owners is two keys', async (t) => {
    bridge.standin.when('A-idem', message('x'))
    const headers = { 'idempotency-key': 'shared', prefer: 'respond-async' }
    const ids = await Promise.all(
      ['long-key-of-ann-1', 'long-key-of-bob-1'].map(async (key) => {
        const response = await bridge.post('/v1/chat/completions', ask('A-idem'), { ...headers, ...as(key) })
        return ((await response.json()) as { id: string }).id
      }),
    )
    t.not(ids[0], ids[1])
  })

  t.notOk(
    bridge.logs.some((line) => /key-of-(ann|bob)|a-plain-key-of-16/.test(line)),
    'no key is in the log',
  )
})

await t.test('without keys', async (t) => {
  const bridge = await startBridge(t)
  const send = (headers: Record<string, string>, line = 'GET /v1/models') => exchange(bridge.port, request(line, headers))
  const { port } = bridge

  await t.test('local names are let in', async (t) => {
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `LOCALHOST:${port}`,
      `[::1]:${port}`,
      'localhost',
      'app.localhost',
      '192.168.0.1',
      'host.docker.internal:80',
      os.hostname(),
    ]) {
      t.equal((await send({ host })).status, 200, host)
      t.equal((await send({ host, origin: `http://${host}` })).status, 200, `a page of ${host}`)
    }
    t.equal((await send({ host: 'localhost', origin: 'http://localhost:5173' })).status, 200, 'a page of this machine')
  })

  await t.test('other names are not: a name of the attacker may resolve to this machine', async (t) => {
    const hosts = [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '0x7f.1@evil.example',
      '',
      'evillocalhost',
      'evil.example@localhost',
      'localhost:99999',
      'localhost.',
      '127.1',
      '2130706433',
      '0x7f000001',
      '[::1%25lo]',
    ]
    for (const host of hosts) {
      for (const line of ['GET /v1/models', 'POST /v1/chat/completions', 'GET /health', 'GET /nowhere']) {
        const answer = await send({ host }, line)
        t.equal(answer.status, 403, `${line} of ${host}`)
        t.match(JSON.parse(answer.body), { error: { code: 'origin_not_allowed', message: /ALLOWED_HOSTS/ } })
        t.match(answer.headers['x-request-id'], /^req_/)
      }
    }
  })

  await t.test('pages of other sites are not', async (t) => {
    for (const origin of [
      'https://evil.example',
      'null',
      'http://127.0.0.1.evil.example',
      'http://localhost@evil.example',
      'file://',
      'nonsense',
    ]) {
      const answer = await send({ host: `127.0.0.1:${port}`, origin })
      t.equal(answer.status, 403, origin)
      t.equal(answer.headers['access-control-allow-origin'], undefined)
    }
    const preflight = { host: 'localhost', origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    t.equal((await send(preflight, 'OPTIONS /v1/chat/completions')).status, 403)
  })

  await t.test('a simple request of a page without `Origin` is refused by its type', async (t) => {
    const body = JSON.stringify(ask('x'))
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const headers = { host: 'localhost', 'content-type': type, 'content-length': String(body.length) }
      t.equal((await exchange(port, request('POST /v1/chat/completions', headers, body))).status, 415, type)
    }
    t.equal(bridge.standin.calls.length, 0)
  })
})

await t.test('the target of a request and its `Host`', async (t) => {
  const bridge = await startBridge(t)
  const statusOf = async (bytes: string) => (await exchange(bridge.port, bytes)).status
  t.equal(await statusOf(request('GET http://evil.example/v1/models', { host: 'localhost' })), 403, 'the absolute form counts')
  t.equal(await statusOf(request('GET http://x@localhost/v1/models', { host: 'localhost' })), 403)
  t.equal(await statusOf(request('GET http://localhost/v1/models', { host: 'localhost' })), 200)
  t.equal(await statusOf('GET /v1/models HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n'), 400, 'two of them')
  t.equal(await statusOf('GET /v1/models HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n'), 400)
  t.equal(await statusOf('GET /v1/models HTTP/1.0\r\n\r\n'), 403, 'none, as HTTP/1.0 allows')
  t.equal(await statusOf(request('OPTIONS *', { host: 'localhost' })), 404)
})

await t.test('pages that are let in', async (t) => {
  const env = { ALLOWED_ORIGINS: 'https://app.example,chrome-extension://abc', ALLOWED_HOSTS: 'my.example' }
  const bridge = await startBridge(t, { env })
  const send = (line: string, headers: Record<string, string>) => exchange(bridge.port, request(line, { host: 'localhost', ...headers }))
  for (const origin of [
    'https://app.example',
    'chrome-extension://abc',
    'app://obsidian.md',
    'tauri://localhost',
    'http://localhost:5173',
  ]) {
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type,x-stainless-os' }
    const preflight = await send('OPTIONS /v1/chat/completions', { origin, ...asked })
    t.match(preflight, {
      status: 204,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': /POST/,
        'access-control-allow-headers': 'authorization,content-type,x-stainless-os',
        vary: /^Origin/,
      },
    })
    const answer = await send('GET /v1/models', { origin })
    t.match(answer, { status: 200, headers: { 'access-control-allow-origin': origin, vary: 'Origin' } })
    t.match(answer.headers['access-control-expose-headers'], /x-request-id/)
    t.match((await send('GET /nowhere', { origin })).headers, { 'access-control-allow-origin': origin }, 'errors can be read as well')
  }
  for (const origin of ['null', 'https://x.app.example', 'https://app.example.evil', 'chrome-extension://abd', 'moz-extension://abc']) {
    const preflight = await send('OPTIONS /v1/models', { origin, 'access-control-request-method': 'GET' })
    t.equal(preflight.status, 403, origin)
    t.equal(preflight.headers['access-control-allow-origin'], undefined)
    t.equal(preflight.headers['access-control-allow-methods'], undefined)
  }
  t.equal((await send('GET /v1/models', { host: 'my.example' })).status, 200)
  t.equal((await send('GET /v1/models', { host: 'other.my.example' })).status, 403)
  t.equal((await send('GET /v1/models', {})).headers['vary'], undefined, 'no page, no headers for pages')
  const odd = await send('OPTIONS /v1/models', {
    ...{ origin: 'http://localhost', 'access-control-request-method': 'GET', 'access-control-request-headers': 'a b' },
  })
  t.match(odd, { status: 204 })
  t.equal(odd.headers['access-control-allow-headers'], undefined)
})

await t.test('open to anybody on purpose, behind a proxy that speaks TLS', async (t) => {
  const bridge = await startBridge(t, { env: { HOST: '0.0.0.0', ALLOW_ANONYMOUS: '1', ALLOWED_HOSTS: 'bridge.example' } })
  const send = (headers: Record<string, string>) => exchange(bridge.port, request('GET /v1/models', headers))
  t.equal((await send({ host: 'bridge.example' })).status, 200)
  t.equal((await send({ host: 'bridge.example', origin: 'https://bridge.example' })).status, 200, 'its own pages')
  t.equal((await send({ host: 'bridge.example', origin: 'https://evil.example' })).status, 403)
  t.equal((await send({ host: '203.0.113.7' })).status, 200, 'an address cannot be rebound')
  const rebound = await send({ host: 'evil.example', origin: 'http://evil.example' })
  t.equal(rebound.status, 403, 'a name that resolves here is no name of this server')
  t.match(JSON.parse(rebound.body), { error: { code: 'origin_not_allowed', message: /ALLOWED_HOSTS/ } })
})
