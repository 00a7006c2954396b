/** What calls of providers cost: at the price of what was asked in the end, and also where the provider tells no usage. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ask, startBridge, until } from '../helper.js'
import { temporary } from '../helper-server.js'
import { FrameReader } from '../helper-sse.js'
import { httpError, message, structuredOutput } from '../standin/index.js'
import { type Script, answer, chunk, failing, open, send, startProvider } from '../upstreams/provider.js'

const provider = await startProvider(t)
const file = path.join(temporary(t), 'bridge.json')
const price = (input: number, output: number) => ({ price: { input, output } })
writeFileSync(
  file,
  JSON.stringify({
    providers: { acme: { base_url: provider.url, models: ['dear', 'cheap', 'plain'] } },
    models: { dear: price(1000, 1000), cheap: price(1, 1), opus: price(500, 500) },
    limits: { keys: { bob: { usd_per_day: 0.5 } } },
  }),
)
const bridge = await startBridge(t, {
  timing: { firstPieceMs: 60_000 },
  env: { CONFIG: file, API_KEYS: 'ann:key-of-ann,bob:key-of-bob', RETRY_RATE_LIMITS: '0' },
})
const chat = '/v1/chat/completions'
const ann = { authorization: 'Bearer key-of-ann' }

interface Sums {
  requests: number
  failures: number
  prompt_tokens: number
  completion_tokens: number
  cost_usd: number
}

async function usage(headers = ann): Promise<{ data: (Sums & { model: string })[]; totals: Sums; without_price: string[] }> {
  return (await (await bridge.get('/usage?group_by=model', headers)).json()) as never
}

/** What is added while `work` is done. */
async function added(work: () => Promise<unknown>): Promise<Sums> {
  const { totals: before } = await usage()
  await work()
  await bridge.idle()
  const { totals: after } = await usage()
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name as keyof Sums]])) as unknown as Sums
}

const post = async (body: object) => (await bridge.post(chat, body, ann)).text()
const near = (given: number, right: number) => Math.abs(given - right) < right / 1000

await t.test('a model that stands in is charged at its own price', async (t) => {
  provider.when('P-first', failing(429, {}), answer('from the other'))
  const first = await added(() => post(ask('P-first', { model: 'dear', fallbacks: ['cheap'] })))
  t.equal(first.prompt_tokens, 100)
  t.ok(near(first.cost_usd, 120 * 1e-6), `${first.cost_usd} USD at the price of the second model`)
  bridge.standin.when('P-claude', httpError(529))
  provider.when('P-claude', answer('from the other'))
  const second = await added(() => post(ask('P-claude', { model: 'opus', fallbacks: ['cheap'] })))
  t.ok(near(second.cost_usd, 120 * 1e-6), `${second.cost_usd} USD`)
  provider.when('P-to-claude', failing(429, {}))
  bridge.standin.when('P-to-claude', message('x', { model: 'claude-opus-5-5', usage: { input_tokens: 1000, output_tokens: 0 } }))
  const third = await added(() => post(ask('P-to-claude', { model: 'cheap', fallbacks: ['opus'] })))
  t.ok(near(third.cost_usd, 0.5), `${third.cost_usd} USD at the operator's price of Claude's`)
})

await t.test("a validator's question is charged at the price of its model", async (t) => {
  provider.when('P-checked', answer('an answer'))
  const verdict = structuredOutput({ validation_passed: true, reasoning: 'fine', details: 'VALID' })
  bridge.standin.when('P-verdict', message(verdict, { model: 'claude-opus-5-5', usage: { input_tokens: 1000, output_tokens: 0 } }))
  const params = { task_prompt_to_claude: 'P-verdict {CODE_TO_VALIDATE}', validation_model_alias: 'opus' }
  const checked = await added(() => post(ask('P-checked', { model: 'cheap', validation: [{ type: 'agent_task', params }] })))
  t.match(checked, { requests: 1, failures: 0, prompt_tokens: 1100 })
  t.ok(near(checked.cost_usd, 0.5 + 120 * 1e-6), `${checked.cost_usd} USD`)
})

await t.test('a model whose answers have another name has its price', async (t) => {
  // the provider answers as big-model-2026-01-01
  t.strictSame((await usage()).without_price, [], 'all of these have one')
  provider.when('P-none', answer('x'))
  await post(ask('P-none', { model: 'plain' }))
  t.ok(bridge.logs.some((line) => line.includes('a model has no price')))
})

const words = 'twelve words'
const half: Script = (response) => {
  open(response)
  send(response, chunk({ content: words }), chunk({ content: words }))
}

await t.test('a call that tells no usage is guessed', async (t) => {
  const text = 'P-cut '.padEnd(4000, 'some words ')
  const isGuess = (sums: Sums, what: string) => {
    t.ok(sums.prompt_tokens > 900 && sums.prompt_tokens < 1200, `${what}: ${sums.prompt_tokens} for 1,000 tokens of the prompt`)
    t.equal(sums.completion_tokens, 6, what)
    t.ok(sums.cost_usd > 0.9, what)
  }
  provider.when('P-cut', (response, asked) => {
    void half(response, asked)
    setTimeout(() => response.destroy(), 50)
  })
  const cut = await added(() => post(ask(text, { model: 'dear' })))
  t.equal(cut.failures, 1)
  isGuess(cut, 'broken off')

  provider.when('P-cut', half)
  const left = await added(async () => {
    const reader = new FrameReader(await bridge.post(chat, ask(text, { model: 'dear', stream: true }), ann))
    for (;;) if ((await reader.nextEvent())?.data?.includes(words)) break
    await reader.nextEvent()
    await reader.cancel()
    await until(() => bridge.app.jobs.stats('network').running === 0)
  })
  isGuess(left, 'its client has left')

  let task = ''
  const cancelled = await added(async () => {
    task = ((await (await bridge.post('/tasks', ask(text, { model: 'dear' }), ann)).json()) as { id: string }).id
    const reader = new FrameReader(await bridge.get(`/tasks/${task}/events`, ann))
    for (let texts = 0; texts < 2; ) if ((await reader.nextEvent())?.event === 'text') texts += 1
    await bridge.post(`/tasks/${task}/cancel`, {}, ann)
  })
  isGuess(cancelled, 'cancelled')
  t.match(
    await (await bridge.get(`/tasks/${task}`, ann)).json(),
    { status: 'cancelled', usage: null },
    'no usage is made up for the answer',
  )

  provider.when('P-cut', (response) => {
    open(response)
    send(response, chunk({ content: words }), chunk({ content: words }, 'stop'))
    response.end('data: [DONE]\n\n')
  })
  isGuess(await added(() => post(ask(text, { model: 'dear' }))), 'whole, and without usage')

  provider.when('P-cut', failing(500, {}))
  t.match(await added(() => post(ask(text, { model: 'dear' }))), { failures: 1, prompt_tokens: 0 }, 'a call that was refused takes nothing')
  const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(400_000)}` } }
  provider.when('P-picture', half)
  const seen = await added(async () => {
    const { id } = (await (
      await bridge.post(
        '/tasks',
        { model: 'dear', messages: [{ role: 'user', content: [{ type: 'text', text: 'P-picture' }, picture] }] },
        ann,
      )
    ).json()) as { id: string }
    const reader = new FrameReader(await bridge.get(`/tasks/${id}/events`, ann))
    for (;;) if ((await reader.nextEvent())?.event === 'text') break
    await bridge.post(`/tasks/${id}/cancel`, {}, ann)
  })
  t.ok(seen.prompt_tokens > 1000 && seen.prompt_tokens < 1200, `${seen.prompt_tokens}: a picture is not a text`)
})

await t.test('a budget holds against a client that always leaves before the end', async (t) => {
  const bob = { authorization: 'Bearer key-of-bob' }
  provider.when('P-bob', half)
  const statuses: number[] = []
  for (let n = 0; n < 4; n += 1) {
    const response = await bridge.post(chat, ask('P-bob '.padEnd(1000, 'some words '), { model: 'dear', stream: true }), bob)
    statuses.push(response.status)
    const reader = new FrameReader(response)
    await reader.nextEvent()
    await reader.nextEvent()
    await reader.cancel()
    await bridge.idle()
  }
  t.strictSame(statuses, [200, 200, 429, 429])
})
