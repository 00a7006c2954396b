/** The official client meets failures: the right class, with what it needs to decide what to do. */
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import OpenAI, { type APIError } from 'openai'
import t, { type Test } from 'tap'
import { type Bridge, direct, promptMs, startBridge } from '../helper.js'
import { type Answer, cutAfter, hang, html, httpError, message, promptTooLong, rateLimited } from '../standin/index.js'
import { type Chunk, clientOf, collect, errorOf, question, streamed, textOf } from './openai.js'

// on a crowded machine an error may take longer to come than a stream's headers would wait
const timing = { firstPieceMs: 60_000, commentEveryMs: 60_000 }
const bridge = await startBridge(t, { direct: 100, timing })
const { standin } = bridge
const client = clientOf(bridge)

interface Expected {
  type: new (...all: never[]) => APIError
  status: number
  code: string
  headers?: Record<string, unknown>
}

/** Asks once blocking and once streaming; both have to fail in the same way, with an HTTP status. `streams`: the model of the latter. */
async function fails(
  t: Test,
  to: Bridge,
  marker: string,
  { type, status, code, headers = {} }: Expected,
  streams = 'sonnet',
): Promise<void> {
  const chat = clientOf(to).chat.completions
  await Promise.all(
    [chat.create(question(marker)), chat.create(streamed(marker, { model: streams })).then(collect)].map(async (asked, index) => {
      const how = `${marker} ${index === 0 ? 'blocking' : 'streaming'}`
      const error = await errorOf(asked)
      t.ok(error instanceof type, `${how} is a ${type.name}`)
      t.match(error, { status, code, message: /\w/, requestID: /^req_/ }, how)
      const got = (error as APIError | null)?.headers
      for (const [name, value] of Object.entries(headers)) t.match(got?.get(name), value, `${how}: ${name}`)
      t.match(got?.get('x-bridge-task-id'), /^task_/, `${how} names the task`)
    }),
  )
}

const { BadRequestError, AuthenticationError, PermissionDeniedError, NotFoundError, RateLimitError } = OpenAI
const { InternalServerError, APIConnectionError } = OpenAI
const noRetry = { 'x-should-retry': 'false' }

const table: [string, Answer, Expected][] = [
  ['E-400', httpError(400, { message: 'no' }), { type: BadRequestError, status: 400, code: 'upstream_invalid_request' }],
  ['E-long', promptTooLong(), { type: BadRequestError, status: 400, code: 'context_length_exceeded' }],
  ['E-401', httpError(401), { type: AuthenticationError, status: 401, code: 'upstream_auth' }],
  ['E-403', httpError(403), { type: PermissionDeniedError, status: 403, code: 'upstream_forbidden' }],
  ['E-404', httpError(404), { type: NotFoundError, status: 404, code: 'model_not_found' }],
  ['E-429', rateLimited(5), { type: RateLimitError, status: 429, code: 'rate_limit_exceeded', headers: { 'retry-after': /^[56]$/ } }],
  ['E-429l', rateLimited(3600), { type: RateLimitError, status: 429, code: 'rate_limit_exceeded', headers: { 'retry-after': /^\d+$/ } }],
  ['E-500', httpError(500), { type: InternalServerError, status: 502, code: 'upstream_error', headers: noRetry }],
  ['E-502', html(502), { type: InternalServerError, status: 502, code: 'upstream_error', headers: noRetry }],
  ['E-529', httpError(529), { type: InternalServerError, status: 503, code: 'server_is_overloaded', headers: { 'retry-after': /^\d+$/ } }],
  ['E-cut', cutAfter(0, 'reset'), { type: InternalServerError, status: 502, code: 'upstream_unreachable', headers: noRetry }],
]

await t.test('every failure has its class', async (t) => {
  for (const [marker, answer] of table) standin.when(marker, answer)
  // other providers tell these otherwise: by other words, without a time, as an answer that had begun
  const ofTheCli = ['E-long', 'E-529', 'E-cut']
  await Promise.all(table.map(([marker, , expected]) => fails(t, bridge, marker, expected, ofTheCli.includes(marker) ? 'sonnet' : direct)))
})

await t.test('nobody answers behind the CLI', async (t) => {
  // a port that was free a moment ago
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  const alone = await startBridge(t, { timing, env: { ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}` } })
  await fails(t, alone, 'E-refused', { type: InternalServerError, status: 502, code: 'upstream_unreachable', headers: noRetry })
})

await t.test('nobody answers in the place of the bridge', async (t) => {
  const nowhere = clientOf({ url: 'http://127.0.0.1:1' })
  t.ok((await errorOf(nowhere.chat.completions.create(question('x')))) instanceof APIConnectionError)
})

await t.test('a stream that breaks after the first token is no answer', async (t) => {
  const forms = ['reset', 'eof', 'error-event'] as const
  await Promise.all(
    forms.map(async (form) => {
      const marker = `E-after-${form}`
      standin.when(marker, cutAfter(2, form, 'one two three'))
      const chunks: Chunk[] = []
      const error = await errorOf(
        (async () => {
          for await (const chunk of await client.chat.completions.create(streamed(marker))) chunks.push(chunk)
        })(),
      )
      t.ok(error instanceof OpenAI.APIError, `${form}: iteration throws`)
      t.match(error, { code: /^(upstream_interrupted|server_is_overloaded)$/, message: /\w/ })
      t.equal(textOf(chunks), 'one two', `${form}: what was there had come`)
      t.notOk(
        chunks.some((chunk) => chunk.choices.some((choice) => choice.finish_reason !== null)),
        'and no finish',
      )
      const [helped, blocked] = await Promise.all([
        errorOf(client.chat.completions.stream(streamed(marker, { model: direct })).finalChatCompletion()),
        errorOf(client.chat.completions.create(question(marker, { model: direct }))),
      ])
      t.ok(helped instanceof OpenAI.OpenAIError, `${form}: the helper throws`)
      t.ok(blocked instanceof OpenAI.InternalServerError, `${form}: blocking fails with a status`)
    }),
  )
})

await t.test("the client's own faults", async (t) => {
  const { completions } = client.chat
  const unknown = await errorOf(completions.create(question('x', { model: 'gpt-4' })))
  t.ok(unknown instanceof NotFoundError)
  t.match(unknown, { code: 'model_not_found', param: 'model' })
  const empty = await errorOf(completions.create({ model: 'sonnet', messages: [] }))
  t.ok(empty instanceof BadRequestError)
  t.match(empty, { status: 400, param: 'messages', type: 'invalid_request_error' })
  t.match(await errorOf(clientOf({ url: `${bridge.url}/nowhere` }).models.list()), { status: 404, code: 'unknown_url' })
})

await t.test('retries: only where one can help', async (t) => {
  const retrying = clientOf(bridge, { maxRetries: 2 })
  standin.when('R-no', httpError(500))
  t.ok((await errorOf(retrying.chat.completions.create(question('R-no')))) instanceof InternalServerError)
  const asked = standin.calls.filter((call) => JSON.stringify(call.body).includes('R-no')).length
  t.ok(asked <= 3, 'the CLI alone asked again, not the client')

  standin.when('R-yes', ...Array.from({ length: 3 }, () => httpError(529)), message('at last'))
  const answer = await retrying.chat.completions.create(question('R-yes'))
  t.equal(answer.choices[0]!.message.content, 'at last')
})

await t.test('a client that gives up', async (t) => {
  type Start = (signal: AbortSignal) => Promise<unknown>
  const gone = async (marker: string, start: Start, enough: () => Promise<unknown>) => {
    const controller = new AbortController()
    const asked = start(controller.signal).catch((error: unknown) => error)
    const call = await bridge.asked(marker)
    await enough()
    const from = Date.now()
    controller.abort()
    await call.ended
    t.equal(call.closed, true, `${marker}: the connection upstream is closed`)
    await bridge.idle()
    t.ok(Date.now() - from < promptMs, `${marker}: no process is left after ${Date.now() - from} ms`)
    await asked
    const list = (await (await bridge.get('/tasks?limit=1')).json()) as { data: object[] }
    t.match(list.data[0], { status: 'cancelled', error: { code: 'cancelled' } }, `${marker}: the job is cancelled`)
  }
  standin.when('G-block', hang(1))
  await gone(
    'G-block',
    (signal) => client.chat.completions.create(question('G-block'), { signal }),
    async () => {},
  )

  standin.when('G-stream', hang(2))
  let seen!: () => void
  const token = new Promise<void>((resolve) => (seen = resolve))
  const stream = async (signal: AbortSignal) => {
    for await (const chunk of await client.chat.completions.create(streamed('G-stream'), { signal })) {
      if (chunk.choices[0]?.delta.content) seen()
    }
  }
  await gone('G-stream', stream, () => token)
})
