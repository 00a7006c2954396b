/**
 * A refusal of the model's API is an HTTP status, however slow, until the first comment of a stream is due. What fails later is an error frame
 * on which the official client raises. In real time: a stream's headers wait at most 15 s.
 */
import OpenAI from 'openai'
import t from 'tap'
import { clientOf, collect, errorOf, question, streamed, textOf } from '../clients/openai.js'
import { direct, gate, startBridge } from '../helper.js'
import { FrameReader, framesOf } from '../helper-sse.js'
import { cutAfter, httpError, message } from '../standin/index.js'
import { chunk, open, send, startProvider } from '../upstreams/provider.js'

const provider = await startProvider(t)
const settings = { acme: { base_url: provider.url, models: '*' } }
const bridge = await startBridge(t, { direct: 100, env: { MAX_CONCURRENT: '8' } })
const other = await startBridge(t, { env: { UPSTREAMS: JSON.stringify(settings), MAX_CONCURRENT: '8' } })
const { standin } = bridge
const chat = '/v1/chat/completions'
const responses = '/v1/responses'
const limited = (delayMs: number) => httpError(429, { message: 'slow down', delayMs })

await t.test('a slow 429 is a 429 until 15 s have gone', async (t) => {
  const cases: [string, string, number][] = [
    [direct, chat, 100],
    [direct, chat, 3000],
    [direct, chat, 8000],
    [direct, chat, 13_000],
    // the start of a CLI counts, and on a busy machine several at once take seconds
    ['sonnet', chat, 100],
    ['sonnet', chat, 3000],
    ['sonnet', responses, 100],
    ['sonnet', responses, 8000],
  ]
  const late = (async () => {
    standin.when('S-late', limited(16_500))
    for (const [route, body] of [
      [chat, streamed('S-late', { model: direct })],
      [responses, { model: 'sonnet', input: 'S-late', stream: true }],
    ] as const) {
      const response = await bridge.post(route, body)
      t.equal(response.status, 200, 'the head cannot wait any longer')
      const frames = await framesOf(response)
      const errors = frames.filter(({ data }) => data?.startsWith('{"error":') === true || data?.startsWith('{"type":"error"') === true)
      t.equal(errors.length, 1)
      t.match(errors[0]?.data, /"code":"rate_limit_exceeded"/)
      if (route === responses) t.match(frames.slice(-2), [{ event: 'error' }, { event: 'response.failed' }])
      else t.match(frames[0]?.data, /"role":"assistant"/)
    }
  })()
  const early = cases.map(async ([model, route, delayMs]) => {
    const name = `S-${model}-${route === chat ? 'chat' : 'responses'}-${delayMs}.`
    standin.when(name, limited(delayMs))
    const body = route === chat ? streamed(name, { model }) : { model, input: name, stream: true }
    const response = await bridge.post(route, body)
    t.equal(response.status, 429, name)
    t.match(await response.json(), { error: { code: 'rate_limit_exceeded', message: /\w/ } }, name)
  })
  await Promise.all([...early, late])
})

await t.test('the head goes out with the 200 of the API, before its first token', async (t) => {
  for (const [model, marker] of [
    ['sonnet', 'S-begun-1'],
    [direct, 'S-begun-2'],
  ] as const) {
    const { opened, open: go } = gate()
    standin.when(marker, message('one', { hold: { afterDeltas: 0, until: opened } }))
    const reader = new FrameReader(await bridge.post(chat, streamed(marker, { model })))
    t.match((await reader.next())?.data, /"role":"assistant"/, model)
    go()
    t.match(JSON.stringify(await reader.all()), /one/)
  }
})

await t.test("a provider's status line opens the stream; an error as its first piece is still a status", async (t) => {
  const { opened, open: go } = gate()
  provider.when('S-line', async (response) => {
    open(response)
    response.flushHeaders()
    await opened
    send(response, chunk({ content: 'late' }), chunk({}, 'stop'))
    response.end('data: [DONE]\n\n')
  })
  const reader = new FrameReader(await other.post(chat, streamed('S-line', { model: 'acme/m' })))
  t.match((await reader.next())?.data, /"role":"assistant"/)
  go()
  t.match(JSON.stringify(await reader.all()), /late/)
  provider.when('S-first', (response) => {
    open(response)
    send(response, { error: { message: 'limited', code: 429 } })
    response.end()
  })
  t.equal((await other.post(chat, streamed('S-first', { model: 'acme/m' }))).status, 429)
})

await t.test('between two tokens it is an error frame, on which the official client raises', async (t) => {
  const client = clientOf(bridge)
  standin.when('S-between', cutAfter(2, 'reset', 'one two three'))
  const chunks: OpenAI.ChatCompletionChunk[] = []
  const asked = client.chat.completions.create(streamed('S-between')).then(async (stream) => {
    for await (const one of stream) chunks.push(one)
  })
  t.match(await errorOf(asked), { code: 'upstream_interrupted' })
  t.match(textOf(chunks), /one/)
  const events: string[] = []
  const responded = client.responses.create({ model: 'sonnet', input: 'S-between', stream: true }).then(async (stream) => {
    for await (const event of stream) events.push(event.type)
  })
  const error = await errorOf(responded)
  t.ok(error instanceof OpenAI.APIError)
  t.match(error, { code: 'upstream_interrupted', type: 'server_error' })
  t.ok(events.includes('response.output_text.delta'))
})

await t.test('without a refusal nothing is held', async (t) => {
  standin.when('S-well', message('well'))
  t.equal(textOf(await collect(await clientOf(bridge).chat.completions.create(streamed('S-well')))), 'well')
  t.equal((await clientOf(bridge).chat.completions.create(question('S-well', { model: direct }))).choices[0]!.message.content, 'well')
})
