/** Who may use the server: keys where there are any, else nobody but this machine. */
import t from 'tap'
import { ask, startBridge } from '../helper.js'
import { exchange, request } from '../helper-raw.js'
import { message } from '../standin/index.js'

interface Problem {
  error: { code: string }
}

await t.test('with keys', async (t) => {
  const env = { API_KEYS: 'ann:long-key-of-ann-1, bob:long-key-of-bob-1,a-plain-key-of-16', HOST: '0.0.0.0' }
  const bridge = await startBridge(t, { env })
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
      { 'x-api-key': 'long-key-of-ann-1' },
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
    t.equal((await bridge.get('/nowhere')).status, 404)
    t.equal((await bridge.get('/docsecret')).status, 404)
  })

  await t.test('names do not matter, as a page would have to know a key', async (t) => {
    const answer = await exchange(
      bridge.port,
      request('GET /v1/models', { host: 'evil.example', origin: 'http://evil.example', ...as('long-key-of-ann-1') }),
    )
    t.equal(answer.status, 200)
    t.equal(answer.headers['access-control-allow-origin'], undefined)
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
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`, 'localhost', 'app.localhost']) {
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
      '192.168.0.1',
      'evillocalhost',
    ]
    for (const host of hosts) {
      for (const line of ['GET /v1/models', 'POST /v1/chat/completions', 'GET /health', 'GET /nowhere']) {
        const answer = await send({ host }, line)
        t.equal(answer.status, 403, `${line} of ${host}`)
        t.match(JSON.parse(answer.body), { error: { code: 'origin_not_allowed' } })
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

await t.test('open to anybody on purpose, behind a proxy that speaks TLS', async (t) => {
  const bridge = await startBridge(t, { env: { HOST: '0.0.0.0', ALLOW_ANONYMOUS: '1' } })
  const send = (headers: Record<string, string>) => exchange(bridge.port, request('GET /v1/models', headers))
  t.equal((await send({ host: 'bridge.example' })).status, 200)
  t.equal((await send({ host: 'bridge.example', origin: 'https://bridge.example' })).status, 200, 'its own pages')
  t.equal((await send({ host: 'bridge.example', origin: 'https://evil.example' })).status, 403)
})
