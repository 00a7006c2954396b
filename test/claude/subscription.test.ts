/** What is left of a subscription, from lines as the CLI writes them for an OAuth login. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { Subscription, limitHeaders } from '../../src/claude/subscription.js'
import { startRun, temporary } from './harness.js'

const soon = Math.floor(Date.now() / 1000) + 3600
const event = (info: object) => ({ type: 'rate_limit_event', rate_limit_info: info })

await t.test('limits are told as they were told last', async (t) => {
  const subscription = new Subscription()
  subscription.note(
    'sonnet',
    event({ status: 'allowed', resetsAt: soon, rateLimitType: 'five_hour', utilization: 0.5, isUsingOverage: false }),
  )
  subscription.note('sonnet', event({ status: 'allowed_warning', resetsAt: soon, rateLimitType: 'five_hour', utilization: 0.92 }))
  subscription.note('opus', event({ status: 'allowed', rateLimitType: 'seven_day_opus' }))
  subscription.note('opus', event({ status: 'allowed', resetsAt: soon - 7200, rateLimitType: 'overage', utilization: 0.1 }))
  for (const odd of [{}, { status: 3 }, null]) subscription.note('x', { type: 'rate_limit_event', rate_limit_info: odd })
  t.strictSame(subscription.limits, [
    { type: 'five_hour', status: 'allowed_warning', utilization: 0.92, resetsAt: soon },
    { type: 'seven_day_opus', status: 'allowed', utilization: null, resetsAt: null },
  ])
  t.strictSame(limitHeaders(subscription.limits), {
    'x-bridge-limit-five-hour-status': 'allowed_warning',
    'x-bridge-limit-five-hour-utilization': '0.92',
    'x-bridge-limit-five-hour-reset': String(soon),
    'x-bridge-limit-seven-day-opus-status': 'allowed',
  })
  subscription.note('x', event({ status: 'allowed', rateLimitType: 'a\r\nb: c' }))
  t.notOk(Object.keys(limitHeaders(subscription.limits)).some((name) => /[^a-z-]/.test(name)))
})

await t.test('a model that was rejected', async (t) => {
  const subscription = new Subscription(50)
  subscription.note('opus', event({ status: 'rejected', resetsAt: soon, rateLimitType: 'seven_day_opus', utilization: 1 }))
  const refusal = subscription.refusal('opus')
  t.match(refusal, { code: 'insufficient_quota', message: /seven_day_opus.*opus/ })
  t.ok(refusal!.retryAfter! > 3500 && refusal!.retryAfter! <= 3600)
  t.equal(subscription.refusal('sonnet'), null, 'another model goes on')
  await new Promise((resolve) => setTimeout(resolve, 60))
  t.equal(subscription.refusal('opus'), null, 'one is let through after a while')
  t.ok(subscription.refusal('opus'), 'and one only')
  subscription.succeeded('opus')
  t.equal(subscription.refusal('opus'), null, 'its success ends it')

  subscription.note('opus', event({ status: 'rejected', resetsAt: soon - 7200, rateLimitType: 'five_hour' }))
  t.equal(subscription.refusal('opus'), null, 'and the time when the limit begins anew')
  subscription.note('opus', event({ status: 'rejected', rateLimitType: 'five_hour' }))
  t.match(subscription.refusal('opus'), { retryAfter: 1 }, 'that time may not be told')
})

await t.test('no process is started for one', async (t) => {
  const binary = path.join(temporary(t, 'stub-'), 'stub.cjs')
  const starts = path.join(temporary(t), 'starts')
  const lines = [
    event({ status: 'rejected', resetsAt: soon, rateLimitType: 'five_hour', utilization: 1 }),
    { type: 'result', subtype: 'success', is_error: true, api_error_status: 429, result: "You've hit your limit" },
  ]
  const body = `require('node:fs').appendFileSync(${JSON.stringify(starts)}, 'x')
    process.stdin.on('data', () => {})
    for (const line of ${JSON.stringify(lines)}) console.log(JSON.stringify(line))`
  writeFileSync(binary, `#!/usr/bin/env node\n${body}`, { mode: 0o755 })
  const subscription = new Subscription()
  const limited = { kind: 'failed', failure: { code: 'insufficient_quota' } }
  t.match((await startRun(t, { binary, subscription }).end()).outcome, { kind: 'failed' })
  const begun = readFileSync(starts, 'utf8')
  t.ok(begun.length > 0)
  t.match((await startRun(t, { binary, subscription }).end()).outcome, limited)
  t.equal(readFileSync(starts, 'utf8'), begun)
})
