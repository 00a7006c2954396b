/** Three jobs in a row that end by one fault of the CLI's or of ours: the server says so, and lets one request try after a while. */
import t, { type Test } from 'tap'
import { baseEnvironment } from '../../src/claude/process/environment.js'
import { ClaudeStatus } from '../../src/claude/status.js'
import type { ErrorCode } from '../../src/errors/catalogue.js'
import { catalogue } from '../../src/errors/catalogue.js'
import type { Outcome } from '../../src/jobs/executor.js'
import { until } from '../helper.js'
import { realCli } from './real-cli.js'

const { binary } = await realCli()

async function statusOf(t: Test): Promise<{ status: ClaudeStatus; runs: (...codes: (ErrorCode | 'fine' | 'stopped')[]) => void }> {
  const env = { PATH: process.env['PATH'], ANTHROPIC_API_KEY: 'none' }
  const status = new ClaudeStatus(binary, env, baseEnvironment(env), { recheckMs: 60_000, askMs: 10_000, refusedMs: 200 })
  t.teardown(() => status.stop())
  status.start()
  await status.checked
  let job = 0
  const runs = (...codes: (ErrorCode | 'fine' | 'stopped')[]) => {
    for (const code of codes) status.observe(outcome(code), 'anna', `job_${job++}`)
  }
  return { status, runs }
}

function outcome(code: ErrorCode | 'fine' | 'stopped'): Outcome {
  if (code === 'fine') return { kind: 'finished', reason: 'stop' }
  return code === 'stopped' ? { kind: 'aborted' } : { kind: 'failed', failure: { code, message: 'what an owner wrote' } }
}

await t.test('three in a row', async (t) => {
  const { status, runs } = await statusOf(t)
  runs('cli_failed', 'cli_failed')
  t.equal(status.trouble, null)
  t.equal(status.health().problem, null)
  runs('stopped', 'cli_failed')
  t.strictSame(status.trouble, { code: 'claude_unavailable', message: 'the runs of the last 3 jobs all ended with cli_failed' })
  t.match(status.health(), { problem: /all ended with cli_failed/, claude_authenticated: true })

  t.ok(await until(() => status.trouble === null), 'after a while one is let in')
  t.match(status.health(), { problem: /all ended with cli_failed/ }, 'which is not forgotten meanwhile')
  status.begin()
  t.match(status.trouble, { code: 'claude_unavailable' }, 'one is enough')
  runs('cli_failed')
  t.match(status.trouble, { message: 'the runs of the last 3 jobs all ended with cli_failed' })
  t.ok(await until(() => status.trouble === null))
  status.begin()
  runs('fine')
  t.equal(status.trouble, null)
  t.equal(status.health().problem, null)
})

await t.test('not those of one job, nor different faults, nor with a success between', async (t) => {
  const { status, runs } = await statusOf(t)
  for (let run = 0; run < 5; run++) status.observe(outcome('internal_error'), 'anna', 'one_job')
  t.equal(status.trouble, null)
  runs('cli_failed', 'cli_failed', 'internal_error', 'cli_failed', 'claude_unavailable', 'claude_unavailable')
  t.equal(status.trouble, null)
  runs('cli_failed', 'cli_failed', 'fine', 'cli_failed', 'cli_failed', 'rate_limit_exceeded', 'cli_failed')
  t.equal(status.trouble, null)
})

await t.test('only faults of the CLI or of the server', async (t) => {
  const own: string[] = []
  for (const code of Object.keys(catalogue) as ErrorCode[]) {
    // these have their own say
    if (code === 'upstream_auth' || code === 'claude_not_authenticated') continue
    const { status, runs } = await statusOf(t)
    runs(code, code, code)
    if (status.trouble !== null) own.push(code)
  }
  t.strictSame(own.sort(), ['claude_unavailable', 'cli_failed', 'internal_error'])
})
