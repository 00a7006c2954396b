import t from 'tap'
import { noTokens } from '../../src/jobs/spending.js'
import type { UsageQuery, UsageSum } from '../../src/jobs/store.js'
import { emptyRow } from '../../src/jobs/spending.js'
import { type OwnerLimits, Quotas } from '../../src/quotas/quotas.js'

/** A clock that stands still until it is moved. */
function quotasOf(limits: Record<string, OwnerLimits>, from = '2026-11-29T23:00:00Z') {
  let ms = 0
  const start = Date.parse(from)
  const quotas = new Quotas((owner) => limits[owner] ?? {}, { now: () => ms, date: () => start + ms })
  return { quotas, pass: (seconds: number) => void (ms += seconds * 1000) }
}

const admitted = (quotas: Quotas, owner: string, times: number) =>
  Array.from({ length: times }, () => quotas.admit(owner)).filter((refusal) => refusal === null).length

await t.test('requests a minute', (t) => {
  const { quotas, pass } = quotasOf({ ann: { requestsPerMinute: 60 } })
  t.equal(admitted(quotas, 'ann', 100), 60)
  t.match(quotas.admit('ann')?.failure, { code: 'rate_limit_exceeded', message: /60 requests a minute/, retryAfter: 1 })
  t.strictSame(quotas.headers('ann', false), {
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': '60s',
  })
  pass(2)
  t.equal(admitted(quotas, 'ann', 5), 2, 'one a second comes back')
  pass(600)
  t.equal(admitted(quotas, 'ann', 100), 60, 'and no more than the bound')
  t.equal(admitted(quotas, 'bob', 100), 100, 'another key has none')
  t.strictSame(quotas.headers('bob', true), {})
  t.end()
})

await t.test('headers of the first request, on a clock that goes on', (t) => {
  let ms = 0
  const quotas = new Quotas(() => ({ requestsPerMinute: 5, tokensPerMinute: 100 }), { now: () => (ms += 0.01), date: () => 0 })
  t.match(quotas.headers('ann', true), {
    'x-ratelimit-remaining-requests': '4',
    'x-ratelimit-reset-requests': '12s',
    'x-ratelimit-remaining-tokens': '100',
    'x-ratelimit-reset-tokens': '0s',
  })
  t.end()
})

await t.test('tokens a minute: known when they are spent', (t) => {
  const { quotas, pass } = quotasOf({ ann: { tokensPerMinute: 600 } })
  t.equal(quotas.admit('ann'), null)
  quotas.charged('ann', { ...noTokens, input: 500, cacheRead: 300, cacheWrite: 200, hourCacheWrite: 100, output: 200, reasoning: 50 }, 0)
  t.match(quotas.headers('ann', true), { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '120s' })
  const refusal = quotas.admit('ann')
  t.match(refusal?.failure, { code: 'rate_limit_exceeded', message: /tokens/ })
  t.equal(refusal?.failure.retryAfter, 61)
  pass(59)
  t.ok(quotas.admit('ann'))
  pass(2)
  t.equal(quotas.admit('ann'), null)
  t.end()
})

await t.test('a bound that changes', (t) => {
  const limits = { ann: { requestsPerMinute: 10 } }
  const { quotas } = quotasOf(limits)
  t.equal(admitted(quotas, 'ann', 20), 10)
  limits.ann = { requestsPerMinute: 15 }
  t.equal(admitted(quotas, 'ann', 20), 5)
  limits.ann = { requestsPerMinute: 2 }
  t.equal(admitted(quotas, 'ann', 20), 0)
  limits.ann = { requestsPerMinute: 0 }
  t.match(quotas.admit('ann')?.failure, { code: 'rate_limit_exceeded', retryAfter: 60 }, 'none at all')
  t.match(quotas.headers('ann', true), { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '60s' })
  const none = quotasOf({ ann: { requestsPerMinute: 0 } }).quotas.headers('ann', false)
  t.match(none, { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '60s' }, 'nor is there any at the start')
  t.end()
})

await t.test('budgets of days and months of UTC', (t) => {
  const { quotas, pass } = quotasOf({ ann: { usdPerDay: 1, usdPerMonth: 3 } })
  const spend = (usd: number) => quotas.charged('ann', noTokens, usd * 1e9)
  spend(0.9)
  t.equal(quotas.admit('ann'), null)
  spend(0.2)
  t.match(quotas.admit('ann')?.failure, { code: 'insufficient_quota', message: /1 USD a day.*day \(UTC\)/ })
  t.ok(quotas.budgetRefusal('ann'))
  pass(3600)
  t.equal(quotas.admit('ann'), null, 'the next day')
  spend(2)
  t.match(quotas.admit('ann')?.failure, { message: /3 USD a month/ }, '3.1 in November')
  pass(24 * 3600)
  t.equal(quotas.admit('ann'), null, 'December')
  t.equal(quotas.budgetRefusal('bob'), null)
  t.end()
})

await t.test('what an earlier server has noted', async (t) => {
  const { quotas } = quotasOf({ ann: { usdPerDay: 1 }, bob: { usdPerMonth: 2 } })
  const asked: UsageQuery[] = []
  const sum = (owner: string, usd: number): UsageSum => ({ ...emptyRow(''), model: null, from: null, owner, nanoUsd: usd * 1e9 })
  await quotas.load((query) => {
    asked.push(query)
    return Promise.resolve(asked.length === 1 ? [sum('ann', 1)] : [sum('ann', 1), sum('bob', 2)])
  })
  t.strictSame(
    asked.map(({ from }) => new Date(from * 1000).toISOString()),
    ['2026-11-29T00:00:00.000Z', '2026-11-01T00:00:00.000Z'],
  )
  t.ok(quotas.admit('ann'))
  t.ok(quotas.admit('bob'))
})
