/** Another model where one cannot answer: across providers and Claude, before the first token and never after it. */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import type { Completion, Task } from '../../src/openai/out/response-schemas.js'
import { clientOf, collect, question, streamed, textOf } from '../clients/openai.js'
import { ask, gate, startBridge } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { httpError, message } from '../standin/index.js'
import { answer, chunk, failing, open, send, startProvider } from './provider.js'

const secret = 'sk-fallback-secret-key'
const provider = await startProvider(t)
const second = await startProvider(t)
const settings = {
  acme: { base_url: provider.url, api_key_env: 'ACME_KEY', models: ['big-model', { id: 'safe-model', fallbacks: ['second/m', 'sonnet'] }] },
  second: { base_url: second.url, models: '*' },
  keyless: { base_url: second.url, api_key_env: 'NOT_SET_KEY', models: '*' },
}
// headers wait for who answers, and on a busy machine the CLI takes its time to give up
const timing = { firstPieceMs: 60_000 }
const bridge = await startBridge(t, { timing, env: { UPSTREAMS: JSON.stringify(settings), ACME_KEY: secret } })
const client = clientOf(bridge)
const chat = '/v1/chat/completions'

await t.test('from a provider to Claude', async (t) => {
  provider.when('B-to-claude', failing(429, { error: { message: 'limited' } }))
  bridge.standin.when('B-to-claude', message('from Claude', { model: 'claude-sonnet-5-5' }))
  const body = { ...question('B-to-claude', { model: 'big-model', seed: 1 }), fallbacks: ['sonnet'] }
  const response = await bridge.post(chat, body)
  const completion = (await response.json()) as Completion
  t.match(completion, {
    model: 'big-model',
    choices: [{ message: { content: 'from Claude' } }],
    bridge: { model: 'claude-sonnet-5-5', ignored: ['fallbacks[0].seed'] },
  })
  t.match(Object.fromEntries(response.headers), { 'x-bridge-model': 'claude-sonnet-5-5' })
  const id = response.headers.get('x-bridge-task-id')!
  const events = (await framesOf(await bridge.get(`/tasks/${id}/events`))).map(
    ({ data }) => JSON.parse(data ?? '{}') as Record<string, unknown>,
  )
  t.match(
    events.find(({ reason }) => reason !== undefined),
    {
      type: 'status',
      reason: 'big-model failed (rate_limit_exceeded), asking sonnet',
      model: 'sonnet',
    },
  )
})

await t.test('from Claude to a provider, as a stream', async (t) => {
  bridge.standin.when('B-from-claude', httpError(529))
  second.when('B-from-claude', answer('from the other'))
  const params = { ...streamed('B-from-claude'), fallbacks: ['second/m'] }
  const { data, response } = await client.chat.completions.create(params).withResponse()
  t.equal(textOf(await collect(data)), 'from the other')
  t.equal(response.headers.get('x-bridge-model'), 'big-model-2026-01-01')
})

await t.test('what the operator has named, one after the other', async (t) => {
  provider.when('B-named', failing(503, ''))
  second.when('B-named', failing(500, ''))
  bridge.standin.when('B-named', message('the last one'))
  const named = (await (await bridge.post(chat, ask('B-named', { model: 'safe-model' }))).json()) as Completion
  t.equal(named.choices[0]!.message.content, 'the last one')
  const none = await bridge.post(chat, ask('B-named', { model: 'safe-model', fallbacks: [] }))
  t.equal(none.status, 503, 'an empty list is none')
  const last = await bridge.post(chat, ask('B-named', { model: 'safe-model', fallbacks: ['second/m'] }))
  t.match(await last.json(), { error: { code: 'upstream_error' } }, 'the last one’s error is the answer')
})

await t.test('never after the first token, nor for what is wrong everywhere', async (t) => {
  provider.when('B-half', (response) => {
    open(response)
    send(response, chunk({ content: 'half' }))
    response.end()
  })
  const half = await bridge.post(chat, ask('B-half', { model: 'big-model', fallbacks: ['second/m'] }))
  t.match(await half.json(), { error: { code: 'upstream_interrupted' } })
  provider.when('B-wrong', failing(400, { error: { message: 'wrong' } }))
  const wrong = await bridge.post(chat, ask('B-wrong', { model: 'big-model', fallbacks: ['second/m'] }))
  t.match(await wrong.json(), { error: { code: 'upstream_invalid_request' } })
  const keyless = await bridge.post(chat, ask('B-key', { model: 'keyless/m', fallbacks: ['second/m'] }))
  t.match(await keyless.json(), { error: { code: 'upstream_auth' } })
  t.equal(second.asked.filter(({ body }) => /B-half|B-wrong|B-key/.test(JSON.stringify(body))).length, 0)
})

await t.test('broken off before the first token is a reason', async (t) => {
  provider.when('B-early', (response) => {
    open(response)
    send(response, chunk({ role: 'assistant', content: '' }))
    response.end()
  })
  second.when('B-early', answer('whole'))
  const response = await bridge.post(chat, ask('B-early', { model: 'big-model', fallbacks: ['second/m'] }))
  t.match(await response.json(), { choices: [{ message: { content: 'whole' } }] })
})

await t.test('lists that make no sense', async (t) => {
  for (const [fallbacks, param] of [
    [['nobody'], 'fallbacks[0]'],
    [['sonnet', 'acme/nobody'], 'fallbacks[1]'],
    ['sonnet', 'fallbacks'],
    [[1], 'fallbacks[0]'],
    [[''], 'fallbacks[0]'],
    [Array.from({ length: 9 }, () => 'sonnet'), 'fallbacks'],
  ] as const) {
    const response = await bridge.post(chat, ask('x', { model: 'big-model', fallbacks }))
    t.equal(response.status, 400, JSON.stringify(fallbacks))
    t.match(await response.json(), { error: { param } })
  }
})

await t.test('a Responses request has none, and says so', async (t) => {
  bridge.standin.when('B-responses', message('alone'))
  const response = await bridge.post('/v1/responses', { model: 'sonnet', input: 'B-responses', fallbacks: ['second/m'] })
  t.equal(response.status, 200)
  t.equal(response.headers.get('x-bridge-ignored'), 'fallbacks')
})

await t.test('cancelled while the second one is asked', async (t) => {
  const { opened, open: go } = gate()
  provider.when('B-cancel', failing(503, ''))
  second.when('B-cancel', () => go())
  const accepted = await bridge.post(chat, ask('B-cancel', { model: 'big-model', fallbacks: ['second/m', 'sonnet'], background: true }))
  const { id } = (await accepted.json()) as Task
  await opened
  t.match(await (await bridge.post(`/tasks/${id}/cancel`, '{}')).json(), { status: 'cancelled' })
  t.notOk(
    bridge.standin.calls.some((call) => JSON.stringify(call).includes('B-cancel')),
    'nobody else is asked',
  )
})

await t.test('the CLI does not have the key', async (t) => {
  const { opened, open: go } = gate()
  bridge.standin.when('B-env', message('done', { hold: { afterDeltas: 0, until: opened } }))
  const running = bridge.post(chat, ask('B-env'))
  await bridge.asked('B-env')
  const environments = readdirSync('/proc').flatMap((entry) => {
    try {
      return /^\d+$/.test(entry) && Number(entry) !== process.pid ? [readFileSync(`/proc/${entry}/environ`, 'latin1')] : []
    } catch {
      return []
    }
  })
  const cli = environments.filter((text) => text.includes(`ANTHROPIC_BASE_URL=${bridge.standin.url}`))
  t.ok(cli.length > 0, 'the CLI is there')
  t.notOk(cli.some((text) => text.includes(secret) || text.includes('UPSTREAMS')))
  go()
  await running
})
