/** What goes wrong at a provider becomes one clear error; nothing hangs, nothing is left, and no key is told. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import t from 'tap'
import { clientOf, errorOf, question, streamed } from '../clients/openai.js'
import { promptMs, startBridge, until } from '../helper.js'
import { FrameReader, framesOf } from '../helper-sse.js'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { answer, chunk, failing, open, send, startProvider } from './provider.js'

const secret = 'gsk_0123456789secret'
const provider = await startProvider(t)
const closed = createServer()
await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
const { port: nobody } = closed.address() as AddressInfo
closed.close()

const settings = {
  acme: {
    base_url: provider.url,
    api_key_env: 'ACME_KEY',
    models: ['big-model'],
    headers: { 'x-auth-extra': 'second-secret-value' },
    timeouts: { first_byte: 1, idle: 1 },
  },
  calm: { base_url: provider.url, models: '*' },
  gone: { base_url: `http://127.0.0.1:${nobody}/v1`, models: '*' },
  keyless: { base_url: provider.url, api_key_env: 'NOT_SET_KEY', models: '*' },
}
const bridge = await startBridge(t, { env: { UPSTREAMS: JSON.stringify(settings), ACME_KEY: secret } })
const client = clientOf(bridge)
const chat = '/v1/chat/completions'
const model = 'big-model'

await t.test('statuses', async (t) => {
  const error = (message: string, more: object = {}) => ({
    error: { message, type: 'invalid_request_error', param: null, code: null, ...more },
  })
  const cases: [string, ReturnType<typeof failing>, number, object][] = [
    [
      '400',
      failing(400, error('No such tool', { param: 'tools[0]' })),
      400,
      { code: 'upstream_invalid_request', param: 'tools[0]', message: /acme: No such tool/ },
    ],
    [
      'length',
      failing(400, error('too long', { code: 'context_length_exceeded', param: 'messages' })),
      400,
      { code: 'context_length_exceeded' },
    ],
    [
      '401',
      failing(401, error(`Incorrect API key provided: ${secret}`, { code: 'invalid_api_key' })),
      401,
      { code: 'upstream_auth', message: /refused the bridge's key/ },
    ],
    ['402', failing(402, error('Insufficient credits')), 429, { code: 'insufficient_quota' }],
    [
      '403',
      failing(403, error(`key ${secret} with second-secret-value is not allowed`)),
      403,
      { code: 'upstream_forbidden', message: /key … with … is/ },
    ],
    ['404', failing(404, error('no model', { code: 'model_not_found' })), 404, { code: 'model_not_found', param: 'model' }],
    ['404 html', failing(404, '<html>not here</html>'), 502, { code: 'upstream_error' }],
    ['413', failing(413, 'too large'), 413, { code: 'request_too_large' }],
    ['422', failing(422, { detail: 'extra field' }), 400, { code: 'upstream_invalid_request', message: /extra field/ }],
    ['429', failing(429, error('slow down', { type: 'requests' }), { 'retry-after': '7' }), 429, { code: 'rate_limit_exceeded' }],
    ['quota', failing(429, error('no credit', { code: 'insufficient_quota' })), 429, { code: 'insufficient_quota' }],
    ['500', failing(500, error('oops', { code: 'invalid_api_key' })), 502, { code: 'upstream_error', message: /acme: oops/ }],
    ['503', failing(503, 'busy'), 503, { code: 'server_is_overloaded' }],
    [
      '529',
      failing(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
      503,
      { code: 'server_is_overloaded' },
    ],
    ['504', failing(504, ''), 504, { code: 'upstream_timeout' }],
    ['302', failing(302, '', { location: 'http://127.0.0.1:1/' }), 502, { code: 'upstream_error' }],
  ]
  for (const [name, script, status, expected] of cases) {
    provider.when(`F-status-${name}.`, script)
    const response = await bridge.post(chat, question(`F-status-${name}.`, { model }))
    const text = await response.text()
    t.equal(response.status, status, name)
    t.match((JSON.parse(text) as { error: object }).error, expected, name)
    t.notMatch(text, /secret/, name)
    const streaming = await bridge.post(chat, streamed(`F-status-${name}.`, { model }))
    t.equal(streaming.status, status, `${name}: before the first token a stream's error is an HTTP error`)
    await streaming.text()
  }
})

await t.test('limits are told', async (t) => {
  const headers = { 'retry-after': '7', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' }
  provider.when('F-limit', failing(429, { error: { message: 'slow down' } }, headers))
  const error = await errorOf(client.chat.completions.create(question('F-limit', { model })))
  t.ok(error instanceof OpenAI.RateLimitError)
  t.match(Object.fromEntries((error as InstanceType<typeof OpenAI.APIError>).headers!), headers)
  provider.when('F-date', failing(429, '', { 'retry-after': new Date(Date.now() + 30_000).toUTCString() }))
  const seconds = Number((await bridge.post(chat, question('F-date', { model }))).headers.get('retry-after'))
  t.ok(seconds > 20 && seconds <= 30, `${seconds}`)
})

await t.test("the provider's own time is told, and one above a minute is not waited for by SDKs", async (t) => {
  const times: [string, string, string | null][] = [
    ['60', '60', null],
    ['61', '61', 'false'],
    ['120', '120', 'false'],
    ['86400', '86400', 'false'],
  ]
  for (const [sent, told, shouldRetry] of times) {
    provider.when(`F-after-${sent}.`, failing(429, { error: { message: 'limited' } }, { 'retry-after': sent }))
    for (const stream of [false, true]) {
      const { headers, status } = await bridge.post(chat, { ...question(`F-after-${sent}.`, { model }), stream })
      t.strictSame([status, headers.get('retry-after'), headers.get('x-should-retry')], [429, told, shouldRetry])
    }
  }
})

await t.test('out of reach, and without a key', async (t) => {
  const gone = await bridge.post(chat, question('x', { model: 'gone/m' }))
  t.equal(gone.status, 502)
  t.match(await gone.json(), { error: { code: 'upstream_unreachable', message: /gone could not be reached \(ECONNREFUSED\)/ } })
  const keyless = await bridge.post(chat, question('F-keyless', { model: 'keyless/m' }))
  t.equal(keyless.status, 401)
  t.match(await keyless.json(), { error: { code: 'upstream_auth', message: /NOT_SET_KEY is not set/ } })
  t.equal(provider.of('F-keyless').length, 0)
  const health = (await (await bridge.get('/health')).json()) as object
  t.match(health, {
    status: 'degraded',
    upstreams: { providers: [{ ok: true }, { ok: true }, { ok: true }, { name: 'keyless', ok: false, problem: 'NOT_SET_KEY is not set' }] },
  })
})

await t.test('answers that are none', async (t) => {
  const raw =
    (text: string, type = 'text/event-stream') =>
    (response: ServerResponse) =>
      void response.writeHead(200, { 'content-type': type }).end(text)
  const line = (value: object) => `data: ${JSON.stringify(value)}\n\n`
  const cases: [string, string, string][] = [
    ['empty', '', 'upstream_error'],
    ['only [DONE]', 'data: [DONE]\n\n', 'upstream_error'],
    ['nothing said', `${line(chunk({ role: 'assistant', content: '' }))}${line(chunk({}, 'stop'))}data: [DONE]\n\n`, 'upstream_error'],
    ['html', '<!doctype html><p>Sign in', 'upstream_error'],
    ['text', 'Not an API', 'upstream_error'],
    ['rubbish', 'data: {"choices": [\n\n', 'upstream_error'],
    ['broken json', '{"choices": [', 'upstream_error'],
    ['no choices', '{"object": "list"}', 'upstream_error'],
    ['comments alone', ': ping\n\n: ping\n\n', 'upstream_interrupted'],
    ['cut', line(chunk({ content: 'half' })), 'upstream_interrupted'],
    ['error as JSON', '{"error": {"message": "boom"}}', 'upstream_error'],
    ['error first', line({ error: { message: 'limited', code: 429 } }), 'rate_limit_exceeded'],
    ['named error', `event: error\n${line({ message: 'Overloaded', type: 'overloaded_error' })}`, 'server_is_overloaded'],
    ['error later', line(chunk({ content: 'half' })) + line({ error: { message: 'boom', code: 502 } }), 'upstream_interrupted'],
    ['finish error', line(chunk({ content: 'half' })) + line(chunk({}, 'error')), 'upstream_interrupted'],
    [
      'nameless call',
      line(chunk({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] })) + line(chunk({}, 'tool_calls')),
      'upstream_error',
    ],
  ]
  for (const [name, text, code] of cases) {
    provider.when(`F-${name}!`, raw(text))
    const response = await bridge.post(chat, question(`F-${name}!`, { model }))
    t.match(await response.json(), { error: { code } }, name)
    t.ok(response.status >= 400, `${name}: ${response.status}`)
  }
  provider.when('F-deep', raw(`data: ${'['.repeat(100_000)}\n\n`))
  t.match(await (await bridge.post(chat, question('F-deep', { model }))).json(), { error: { code: 'upstream_error' } })
  const odd = {
    __proto__: { x: 1 },
    choices: [{ index: 0, delta: { content: 5, tool_calls: 'x' }, finish_reason: {} }, null, 7],
    usage: [],
  }
  const named = chunk({ content: 'fine' }, 'stop', { model: 'модель\r\nx: y' })
  provider.when(
    'F-name',
    raw(line(named) + line({ ...chunk({}), model: 'м', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } })),
  )
  const strange = await bridge.post(chat, question('F-name', { model }))
  t.equal(strange.status, 200)
  t.equal(strange.headers.get('x-bridge-model'), '%D0%BC')
  provider.when('F-odd', raw(line(odd) + line(chunk({ content: 'fine' }, '__proto__'))))
  t.match(await (await bridge.post(chat, question('F-odd', { model }))).json(), {
    choices: [{ message: { content: 'fine' }, finish_reason: 'stop' }],
  })
})

await t.test('an event without end', async (t) => {
  provider.when('F-endless', (response) => {
    open(response)
    const piece = 'x'.repeat(1024 * 1024)
    const more = () => {
      while (!response.destroyed && response.write(piece));
    }
    response.write('data: ')
    response.on('drain', more)
    more()
  })
  const response = await bridge.post(chat, question('F-endless', { model: 'calm/m' }))
  t.match(await response.json(), { error: { code: 'upstream_error', message: /larger/ } })
  t.ok(await until(() => provider.of('F-endless')[0]!.left), 'the connection is closed')
})

await t.test('cut in the middle: what was said came, and then an error', async (t) => {
  provider.when('F-cut', (response) => {
    open(response)
    send(response, chunk({ content: 'half an ' }))
    setTimeout(() => response.destroy(), 20)
  })
  const frames = (await framesOf(await bridge.post(chat, streamed('F-cut', { model })))).map(({ data }) => data)
  t.match(frames.at(-2), /"code":"upstream_interrupted"/)
  t.equal(frames.at(-1), '[DONE]')
  t.match(frames.join(''), /half an /)
})

await t.test('silence', async (t) => {
  provider.when('F-silent', () => {})
  t.match(await (await bridge.post(chat, question('F-silent', { model }))).json(), { error: { code: 'upstream_timeout' } })
  t.ok(await until(() => provider.of('F-silent')[0]!.left))
  provider.when('F-stalls', (response) => {
    open(response)
    response.write(': hello\n\n')
  })
  t.match(await (await bridge.post(chat, question('F-stalls', { model }))).json(), { error: { code: 'upstream_timeout' } })
  provider.when('F-pause', (response) => {
    open(response)
    send(response, chunk({ content: 'half' }))
  })
  t.match(await (await bridge.post(chat, question('F-pause', { model }))).json(), { error: { code: 'upstream_interrupted' } })
})

await t.test('a whole answer whose connection stays open is an answer', async (t) => {
  provider.when('F-open', (response) => {
    open(response)
    send(response, chunk({ content: 'whole' }), chunk({}, 'stop'))
    response.write('data: [DONE]\n\n')
  })
  t.match(await (await bridge.post(chat, question('F-open', { model: 'calm/m' }))).json(), { choices: [{ message: { content: 'whole' } }] })
  provider.when('F-reset', (response) => {
    open(response)
    send(response, chunk({ content: 'whole' }), chunk({}, 'stop'))
    setTimeout(() => response.destroy(), 20)
  })
  t.match(await (await bridge.post(chat, question('F-reset', { model }))).json(), { choices: [{ message: { content: 'whole' } }] })
})

await t.test('cancelled and left: the call is closed at once', async (t) => {
  const talks = (response: ServerResponse) => {
    open(response)
    send(response, chunk({ content: 'one ' }))
  }
  provider.when('F-cancel', talks)
  const accepted = await bridge.post(chat, { ...question('F-cancel', { model: 'calm/m' }), background: true })
  const { id } = (await accepted.json()) as Task
  t.ok(await until(() => provider.of('F-cancel').length === 1))
  const cancelled = (await (await bridge.post(`/tasks/${id}/cancel`, '{}')).json()) as Task
  t.match(cancelled, { status: 'cancelled', error: { code: 'cancelled' } })
  t.ok(await until(() => provider.of('F-cancel')[0]!.left, promptMs))
  provider.when('F-leaves', talks)
  const reader = new FrameReader(await bridge.post(chat, streamed('F-leaves', { model: 'calm/m' })))
  await reader.next()
  await reader.cancel()
  t.ok(await until(() => provider.of('F-leaves')[0]!.left, promptMs))
  provider.when('F-waits', () => {})
  const waiting = new AbortController()
  const gone = bridge.post(chat, question('F-waits', { model: 'calm/m' }), {}, waiting.signal).catch(() => null)
  t.ok(await until(() => provider.of('F-waits').length === 1))
  waiting.abort()
  await gone
  t.ok(await until(() => provider.of('F-waits')[0]!.left, promptMs), 'before its first byte too')
})

await t.test('the job’s own limit', async (t) => {
  provider.when('F-time', () => {})
  const response = await bridge.post(chat, { ...question('F-time', { model: 'calm/m' }), timeout: 1 })
  t.match(await response.json(), { error: { code: 'timeout' } })
  t.ok(await until(() => provider.of('F-time')[0]?.left === true, promptMs))
})

await t.test('the next request is well, and no secret is anywhere', async (t) => {
  provider.when('F-well', answer('well'))
  t.equal((await bridge.post(chat, question('F-well', { model }))).status, 200)
  t.notMatch(bridge.logs.join('\n'), new RegExp(`${secret}|second-secret`))
  const tasks = await (await bridge.get('/tasks?limit=100')).text()
  t.notMatch(tasks, new RegExp(`${secret}|second-secret`))
})
