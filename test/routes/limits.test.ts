/** Limits of keys, of many requests at once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { askDirect, gate, startBridge, until } from '../helper.js'
import { message } from '../standin/index.js'

const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-limits-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const file = path.join(folder, 'bridge.json')
const limits = {
  default: {},
  keys: {
    ann: { requests_per_minute: 30 },
    bob: { running: 2 },
    carl: { usd_per_day: 0.01 },
    dora: { tokens_per_minute: 5000, streams: 1 },
  },
}
writeFileSync(file, JSON.stringify({ limits }))
const names = ['ann', 'bob', 'carl', 'dora', 'emil', 'fred', 'gina']
const bridge = await startBridge(t, {
  direct: 4,
  env: { CONFIG: file, API_KEYS: names.map((name) => `${name}:key-of-${name}`).join(','), MAX_QUEUED: '300' },
})
const { standin } = bridge
const chat = '/v1/chat/completions'
const as = (name: string) => ({ authorization: `Bearer key-of-${name}` })
const statuses = (responses: Response[]) => {
  const counts: Record<number, number> = {}
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

await t.test('requests a minute: 100 at once, beside those of another key', async (t) => {
  standin.when('L-many', message('x'))
  const ask = (name: string) => Array.from({ length: 100 }, () => bridge.post(chat, askDirect('L-many'), as(name)))
  const [anns, emils] = await Promise.all([Promise.all(ask('ann')), Promise.all(ask('emil'))])
  const let_in = statuses(anns)[200]!
  // one comes back every two seconds
  t.ok(let_in >= 30 && let_in <= 45, `${let_in} of 100`)
  t.strictSame(statuses(emils), { 200: 100 })
  const refused = anns.find(({ status }) => status === 429)!
  t.match(Object.fromEntries(refused.headers), {
    'retry-after': /^[12]$/,
    'x-ratelimit-limit-requests': '30',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': /^\d+s$/,
  })
  t.match(await refused.json(), { error: { code: 'rate_limit_exceeded', type: 'rate_limit_error', message: /30 requests a minute/ } })
  t.notOk(emils[0]!.headers.has('x-ratelimit-limit-requests'))
  for (const response of [...anns, ...emils]) if (!response.bodyUsed) await response.text()
})

await t.test('jobs at work', async (t) => {
  const { opened, open } = gate()
  standin.when('L-two', message('x', { hold: { afterDeltas: 0, until: opened } }))
  for (let i = 0; i < 5; i++) await bridge.post('/tasks', askDirect('L-two'), as('bob'))
  const running = async () => {
    const { data } = (await (await bridge.get('/tasks?status=in_progress', as('bob'))).json()) as { data: object[] }
    return data.length
  }
  await until(() => bridge.app.jobs.stats('network').running === 2)
  t.equal(await running(), 2)
  standin.when('L-other', message('y'))
  t.equal((await bridge.post(chat, askDirect('L-other'), as('emil'))).status, 200, 'the two places that are left are for others')
  t.equal(await running(), 2)
  open()
  t.ok(await until(() => bridge.app.jobs.stats('network').running === 0))
  await bridge.idle()
  const { data } = (await (await bridge.get('/tasks?status=completed', as('bob'))).json()) as { data: object[] }
  t.equal(data.length, 5, 'and all of them come to their turn')
})

await t.test('a budget is passed by what was in flight, and by no more', async (t) => {
  // 0.0015 USD each
  standin.when('L-budget', message('x', { usage: { input_tokens: 100, output_tokens: 0 } }))
  const model = 'direct'
  const answers: Response[] = []
  for (let i = 0; i < 20; i++) answers.push(await bridge.post(chat, { ...askDirect('L-budget'), model }, as('carl')))
  const paid = answers.filter(({ status }) => status === 200).length
  const { totals } = (await (await bridge.get('/usage', as('carl'))).json()) as { totals: { cost_usd: number } }
  t.ok(totals.cost_usd >= 0.01 && totals.cost_usd < 0.0116, `${totals.cost_usd} USD in ${paid} requests`)
  const refused = answers.at(-1)!
  t.equal(refused.status, 429)
  t.equal(refused.headers.get('x-should-retry'), 'false')
  t.match(await refused.json(), { error: { code: 'insufficient_quota', message: /0.01 USD a day/ } })
})

await t.test('tokens a minute, and streams', async (t) => {
  standin.when('L-tokens', message('x', { usage: { input_tokens: 6000, output_tokens: 10 } }))
  const first = await bridge.post(chat, askDirect('L-tokens'), as('dora'))
  t.equal(first.status, 200)
  await first.text()
  const second = await bridge.post(chat, askDirect('L-tokens'), as('dora'))
  t.equal(second.status, 429)
  t.match(await second.json(), { error: { code: 'rate_limit_exceeded', message: /tokens a minute/ } })
})

await t.test('two keys with a long line do not keep a third one waiting', async (t) => {
  let answered = 0
  standin.when('L-line', message('x', { pace: { firstTokenDelayMs: 20 } }))
  const line = ['fred', 'gina'].flatMap((name) =>
    Array.from({ length: 60 }, async () => {
      await (await bridge.post(chat, askDirect('L-line'), as(name))).text()
      answered += 1
    }),
  )
  await until(() => answered > 4)
  for (let i = 0; i < 5; i++) {
    const before = answered
    await (await bridge.post(chat, askDirect('L-line'), as('emil'))).text()
    // its turn comes after those at work and one of each of the others
    t.ok(answered - before <= 12, `${answered - before} answers of others meanwhile`)
  }
  t.ok(answered < 120, 'the others were still waiting')
  await Promise.all(line)
})
