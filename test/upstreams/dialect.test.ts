/** What a provider does not take of the bridge's own additions is left out, learnt once for each of its models, or set. */
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { clientOf, collect, question, streamed, textOf } from '../clients/openai.js'
import { startBridge } from '../helper.js'
import { Dialects } from '../../src/upstreams/dialects.js'
import { type Asked, answer, failing, startProvider, stream, chunk, usage } from './provider.js'

const provider = await startProvider(t)
const settings = {
  acme: { base_url: provider.url, models: '*' },
  whole: { base_url: provider.url, models: ['quiet', { id: 'loud', stream: true }], stream: false },
  plain: { base_url: provider.url, models: '*', stream_options: false },
  fixed: { base_url: provider.url, models: '*', stream_options: true },
}
const bridge = await startBridge(t, { env: { UPSTREAMS: JSON.stringify(settings) } })
const client = clientOf(bridge)
const chat = '/v1/chat/completions'

/** The answer of a provider that does not stream. */
const whole = (text: string) => (response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      object: 'chat.completion',
      model: 'big-model-2026-01-01',
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage,
    }),
  )

/** Answers as `right` where the request has none of the members, and else with the refusal. */
const without = (members: string[], refusal: ReturnType<typeof failing>, right: (response: ServerResponse, asked: Asked) => unknown) =>
  ((response: ServerResponse, asked: Asked) =>
    members.some((member) => Boolean(asked.body[member])) ? refusal(response, asked) : right(response, asked)) as ReturnType<typeof failing>

const unverified = failing(400, {
  error: {
    message: 'Your organization must be verified to stream this model. Please go to: https://platform.openai.com/settings',
    type: 'invalid_request_error',
    param: 'stream',
    code: 'unsupported_value',
  },
})

await t.test('an account that may not stream', async (t) => {
  provider.when('D-unverified', without(['stream'], unverified, whole('not streamed')))
  const params = streamed('D-unverified', { model: 'acme/o9', stream_options: { include_usage: true } })
  const chunks = await collect(await client.chat.completions.create(params))
  t.equal(textOf(chunks), 'not streamed')
  t.match(chunks.at(-1)!.usage, { total_tokens: 120 })
  t.strictSame(
    provider.of('D-unverified').map(({ body }) => [body['stream'], 'stream_options' in body]),
    [
      [true, true],
      [false, false],
    ],
  )
  await client.chat.completions.create(question('D-unverified', { model: 'acme/o9' }))
  t.equal(provider.of('D-unverified').length, 3, 'it is known from then on')
  await client.chat.completions.create(question('D-unverified', { model: 'acme/o8' }))
  t.equal(provider.of('D-unverified').length, 5, 'of that model alone')
})

await t.test('a provider that does not know stream_options', async (t) => {
  const refusals: [string, number, unknown][] = [
    ['FastAPI', 422, { detail: [{ type: 'extra_forbidden', loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted' }] }],
    ['OpenAI', 400, { error: { message: 'Unrecognized request argument supplied: stream_options', param: null } }],
    ['text', 400, 'unknown field "stream_options"'],
    [
      'its member',
      400,
      { error: { message: "Unknown parameter: 'stream_options.include_usage'.", param: 'stream_options.include_usage' } },
    ],
    ['no name', 422, { detail: 'Extra inputs are not permitted' }],
  ]
  for (const [index, [name, status, body]] of refusals.entries()) {
    const marker = `D-options-${index}.`
    provider.when(marker, without(['stream_options'], failing(status, body), answer('streamed')))
    const model = `acme/options-${index}`
    for (let times = 0; times < 2; times++) {
      const response = await bridge.post(chat, question(marker, { model }))
      t.match(await response.json(), { choices: [{ message: { content: 'streamed' } }] }, name)
    }
    t.strictSame(
      provider.of(marker).map(({ body }) => 'stream_options' in body),
      [true, false, false],
      name,
    )
    t.ok(provider.of(marker).every(({ body }) => body['stream'] === true))
  }
})

await t.test('both, one after the other', async (t) => {
  const noStream = failing(400, { message: 'Streaming is not supported by this model' })
  const noOptions = failing(422, { detail: [{ loc: ['body', 'stream_options'], msg: 'no' }] })
  provider.when('D-both', without(['stream_options'], noOptions, without(['stream'], noStream, whole('neither'))))
  const response = await bridge.post(chat, question('D-both', { model: 'acme/both' }))
  t.match(await response.json(), { choices: [{ message: { content: 'neither' } }] })
  t.equal(provider.of('D-both').length, 3)
})

await t.test('what is refused for another reason is refused, and nothing is learnt of it', async (t) => {
  const cases: [string, number, unknown, number, RegExp][] = [
    ['another member', 422, { detail: [{ loc: ['body', 'top_k'], msg: 'Extra inputs are not permitted' }] }, 1, /top_k: Extra inputs/],
    ['a word of the prompt', 400, { error: { message: 'I cannot stream the river.' } }, 2, /the river/],
    ['too many', 429, { error: { message: 'too many streams' } }, 1, /too many streams/],
    ['a key', 401, { error: { message: 'no stream for you' } }, 1, /refused the bridge's key/],
  ]
  for (const [index, [name, status, body, calls, message]] of cases.entries()) {
    const marker = `D-else-${index}.`
    provider.when(marker, failing(status, body))
    const response = await bridge.post(chat, question(marker, { model: `acme/else-${index}` }))
    t.match(await response.json(), { error: { message } }, name)
    t.equal(provider.of(marker).length, calls, name)
    provider.when(marker, answer('fine'))
    await (await bridge.post(chat, question(marker, { model: `acme/else-${index}` }))).text()
    t.equal(provider.of(marker).at(-1)!.body['stream'], true)
  }
})

await t.test('what the settings say is not tried', async (t) => {
  const asked = async (marker: string, model: string) => {
    provider.when(marker, whole('said'))
    t.match(await (await bridge.post(chat, question(marker, { model }))).json(), { choices: [{ message: { content: 'said' } }] })
    const { body } = provider.of(marker)[0]!
    return [body['stream'], 'stream_options' in body]
  }
  t.strictSame(await asked('D-set-1', 'whole/quiet'), [false, false])
  t.strictSame(await asked('D-set-2', 'whole/loud'), [true, true], "a model's own word counts more")
  t.strictSame(await asked('D-set-3', 'plain/m'), [true, false])
  provider.when('D-set-4', failing(422, { detail: [{ loc: ['body', 'stream_options'], msg: 'no' }] }))
  const refused = await bridge.post(chat, question('D-set-4', { model: 'fixed/m' }))
  t.match(await refused.json(), { error: { message: /stream_options: no/ } })
  t.equal(provider.of('D-set-4').length, 1)
})

await t.test('a stream goes on as one', async (t) => {
  provider.when('D-usage', stream([chunk({ content: 'a' }), chunk({ content: 'b' }, 'stop')]))
  t.match(await (await bridge.post(chat, question('D-usage', { model: 'plain/m' }))).json(), { usage: { total_tokens: 120 } })
})

await t.test('what is learnt has a bound', (t) => {
  const dialects = new Dialects({ dialect: {}, models: [] })
  for (let model = 0; model < 3000; model++) dialects.learn(`m${model}`, { stream: false, streamOptions: false })
  t.strictSame(dialects.of('m0'), { stream: true, streamOptions: true })
  t.strictSame(dialects.of('m2999'), { stream: false, streamOptions: false })
  t.end()
})
