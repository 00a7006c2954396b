/** Whatever comes in, the answer is OpenAI's envelope with its four keys, and has a request id. */
import t, { type Test } from 'tap'
import { ask, startBridge } from '../helper.js'
import { exchange, request } from '../helper-raw.js'

const bridge = await startBridge(t)
const chat = '/v1/chat/completions'

interface Envelope {
  error: { message: string; type: string; param: string | null; code: string | null }
}

function isEnvelope(t: Test, body: unknown, requestId: string | null | undefined, name: string): void {
  const { error } = body as Envelope
  t.strictSame(Object.keys(body as object), ['error'], `${name}: one member`)
  t.strictSame(Object.keys(error ?? {}).sort(), ['code', 'message', 'param', 'type'], `${name}: four keys`)
  t.ok(error?.message && error.type, `${name} says something`)
  t.match(requestId, /^[\w=-]+$/, `${name} has a request id`)
}

async function refused(t: Test, name: string, response: Response, wanted: [number, string, (string | null)?]): Promise<void> {
  const body: unknown = await response.json()
  t.equal(response.status, wanted[0], `${name}: status`)
  isEnvelope(t, body, response.headers.get('x-request-id'), name)
  t.equal((body as Envelope).error?.code, wanted[1], `${name}: code`)
  if (wanted[2] !== undefined) t.equal((body as Envelope).error?.param, wanted[2], `${name}: param`)
  t.match(response.headers.get('content-type'), /^application\/json/, `${name}: type`)
}

await t.test('names that are not taken are told', async (t) => {
  for (const member of ['"__proto__":{"admin":true}', '"constructor":{"prototype":{}}', '"tools":[{"__proto__":null}]']) {
    const response = await bridge.post('/v1/chat/completions', `{"model":"sonnet","question":"x",${member}}`)
    t.equal(response.status, 400)
    t.match(await response.json(), { error: { code: 'invalid_json', message: /has a member `__proto__`, or a `constructor`/ } })
  }
})

await t.test('bodies that are no request', async (t) => {
  const cases: [string, unknown, [number, string, (string | null)?]][] = [
    ['null', 'null', [400, 'invalid_type', null]],
    ['array', '[]', [400, 'invalid_type', null]],
    ['string', '"x"', [400, 'invalid_type', null]],
    ['number', '1', [400, 'invalid_type', null]],
    ['empty', '', [400, 'invalid_type', null]],
    ['bad JSON', '{"model": ', [400, 'invalid_json', null]],
    ['two values', '{} {}', [400, 'invalid_json', null]],
    ['__proto__', '{"model":"sonnet","question":"x","__proto__":{"admin":true}}', [400, 'invalid_json', null]],
    ['constructor', '{"model":"sonnet","question":"x","constructor":{"prototype":{}}}', [400, 'invalid_json', null]],
    ['no model', { messages: [{ role: 'user', content: 'x' }] }, [400, 'missing_required_parameter', 'model']],
    ['no messages', { model: 'sonnet' }, [400, 'missing_required_parameter', 'messages']],
    ['empty messages', { model: 'sonnet', messages: [] }, [400, 'invalid_value', 'messages']],
    ['messages text', { model: 'sonnet', messages: 'x' }, [400, 'invalid_type', 'messages']],
    ['unknown role', { model: 'sonnet', messages: [{ role: 'king', content: 'x' }] }, [400, 'invalid_value', 'messages[0].role']],
    ['unknown model', ask('x', { model: 'gpt-4' }), [404, 'model_not_found', 'model']],
    ['model a number', ask('x', { model: 1 }), [400, 'invalid_type', 'model']],
    ['stream a string', ask('x', { stream: 'true' }), [400, 'invalid_type', 'stream']],
    ['stream_options alone', ask('x', { stream_options: { include_usage: true } }), [400, 'invalid_value', 'stream_options']],
    ['n 0', ask('x', { n: 0 }), [400, 'invalid_value', 'n']],
    ['n 99', ask('x', { n: 99 }), [400, 'unsupported_value', 'n']],
    ['n', ask('x', { n: 'many' }), [400, 'invalid_type', 'n']],
  ]
  for (const [name, body, wanted] of cases) {
    for (const route of [chat, '/tasks', '/chat/completions']) {
      await refused(t, `${name} to ${route}`, await bridge.post(route, body), wanted)
    }
  }
})

await t.test('deep nesting', async (t) => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  const deepObject = '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)
  for (const headers of [{}, { 'idempotency-key': 'deep' }] as Record<string, string>[]) {
    const body = `{"model":"sonnet","messages":${deep}}`
    await refused(t, 'deep messages', await bridge.post(chat, body, headers), [400, 'invalid_json'])
    const extra = `{"model":"sonnet","question":"x","extra":${deepObject}}`
    await refused(t, 'a deep unknown member', await bridge.post(chat, extra, headers), [400, 'invalid_json'])
  }
  const nested = `{"model":"nobody","question":"x","extra":${'['.repeat(400)}${']'.repeat(400)}}`
  await refused(t, 'nested well enough', await bridge.post(chat, nested), [404, 'model_not_found'])
})

await t.test('content types', async (t) => {
  const body = JSON.stringify(ask('x', { model: 'nobody' }))
  for (const type of ['text/plain', 'text/plain; charset=utf-8', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense']) {
    await refused(t, type, await bridge.post(chat, body, { 'content-type': type }), [415, 'unsupported_media_type', null])
  }
  for (const type of ['application/json; charset=utf-8', 'Application/JSON']) {
    await refused(t, type, await bridge.post(chat, body, { 'content-type': type }), [404, 'model_not_found'])
  }
  const none = request(`POST ${chat}`, { host: 'localhost', 'content-length': String(body.length) }, body)
  const answer = await exchange(bridge.port, none)
  t.equal(answer.status, 415, 'no type at all')
  isEnvelope(t, JSON.parse(answer.body), answer.headers['x-request-id'], 'no type at all')
})

await t.test('too large', async (t) => {
  const headers = { host: 'localhost', 'content-type': 'application/json', 'content-length': '70000000' }
  const answer = await exchange(bridge.port, request(`POST ${chat}`, headers, '{'))
  t.equal(answer.status, 413)
  isEnvelope(t, JSON.parse(answer.body), answer.headers['x-request-id'], 'too large')
  t.match(JSON.parse(answer.body), { error: { code: 'request_too_large' } })
})

await t.test('places that do not exist', async (t) => {
  for (const [method, route] of [
    ['GET', '/nowhere'],
    ['POST', '/v1/completions'],
    ['GET', chat],
    ['PUT', '/tasks'],
    ['OPTIONS', chat],
    ['PATCH', '/v1/models/sonnet'],
    ['GET', '/tasks/task_x/other'],
    ['GET', '/v1/chat/../../etc/passwd'],
  ] as const) {
    const response = await fetch(bridge.url + route, { method })
    await refused(t, `${method} ${route}`, response, [404, 'unknown_url', null])
  }
  for (const route of ['/tasks/%zz', '/%', '/v1/models/%c3%28']) {
    const answer = await exchange(bridge.port, request(`GET ${route}`, { host: 'localhost' }))
    t.ok(answer.status === 400 || answer.status === 404, `${route}: ${answer.status}`)
    isEnvelope(t, JSON.parse(answer.body), answer.headers['x-request-id'], route)
  }
})

await t.test('ids that nobody has', async (t) => {
  for (const id of ['task_0', 'x', '..%2F..%2Fetc', 'task_' + 'a'.repeat(150), '%00', "';drop table jobs", 'null']) {
    const route = `/tasks/${id}`
    await refused(t, `GET ${id}`, await bridge.get(route), [404, 'task_not_found'])
    await refused(t, `events of ${id}`, await bridge.get(`${route}/events`), [404, 'task_not_found'])
    await refused(t, `cancel ${id}`, await fetch(`${bridge.url}${route}/cancel`, { method: 'POST' }), [404, 'task_not_found'])
    await refused(t, `delete ${id}`, await fetch(bridge.url + route, { method: 'DELETE' }), [404, 'task_not_found'])
  }
  const long = await bridge.get(`/tasks/${'a'.repeat(5000)}`)
  t.ok([400, 404, 414].includes(long.status), `a very long id: ${long.status}`)
  isEnvelope(t, await long.json(), long.headers.get('x-request-id'), 'a very long id')
})

await t.test('questions that make no sense', async (t) => {
  for (const [route, param] of [
    ['/tasks?limit=0', 'limit'],
    ['/tasks?limit=101', 'limit'],
    ['/tasks?limit=x', 'limit'],
    ['/tasks?limit=1&limit=2', 'limit'],
    ['/tasks?status=nice', 'status'],
    ['/tasks?order=up', 'order'],
    ['/tasks/task_x?wait=-1', 'wait'],
    ['/tasks/task_x?wait=soon', 'wait'],
    ['/tasks/task_x/events?starting_after=x', 'starting_after'],
  ] as const) {
    const response = await bridge.get(route)
    const body = (await response.json()) as Envelope
    t.equal(response.status, 400, route)
    t.equal(body.error.param, param, route)
    isEnvelope(t, body, response.headers.get('x-request-id'), route)
  }
})

await t.test('bytes that are no HTTP', async (t) => {
  const broken: [string, string, number][] = [
    ['rubbish', 'hello, is anybody there?\r\n\r\n', 400],
    ['a bad header', 'GET /health HTTP/1.1\r\nhost: localhost\r\nbad header\r\n\r\n', 400],
    ['two lengths', 'POST /tasks HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx', 400],
    [
      'a bad chunk',
      request(`POST ${chat}`, { host: 'localhost', 'content-type': 'application/json', 'transfer-encoding': 'chunked' }, 'zz\r\n'),
      400,
    ],
    ['huge headers', request('GET /health', { host: 'localhost', 'x-big': 'x'.repeat(20_000) }), 431],
    ['no host', 'GET /health HTTP/1.1\r\n\r\n', 400],
  ]
  for (const [name, bytes, status] of broken) {
    const answer = await exchange(bridge.port, bytes)
    t.equal(answer.status, status, name)
    t.match(answer.headers['content-type'], /^application\/json/, `${name}: type`)
    isEnvelope(t, JSON.parse(answer.body || '{}'), answer.headers['x-request-id'], name)
  }
  t.equal((await bridge.get('/health')).status, 200, 'the server lives')
})

await t.test('a client that sends JSON headers without a body', async (t) => {
  const headers = { 'content-type': 'application/json' }
  for (const [method, route] of [
    ['POST', '/tasks/task_x/cancel'],
    ['DELETE', '/tasks/task_x'],
  ] as const) {
    await refused(t, `${method} ${route}`, await fetch(bridge.url + route, { method, headers }), [404, 'task_not_found'])
  }
})

await t.test('request ids', async (t) => {
  const idOf = async (given: string) => {
    const { headers } = await bridge.get('/health', { 'x-request-id': given })
    return headers.get('x-request-id')
  }
  t.equal(await idOf('my-own_id=1'), 'my-own_id=1')
  for (const bad of ['a b', 'x'.repeat(300), 'a<b>']) t.match(await idOf(bad), /^req_[\da-f]{24}$/)
  t.not(await idOf(''), await idOf(''))
})

t.equal(bridge.standin.calls.length, 0, 'none of this has started the CLI')
