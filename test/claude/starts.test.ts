/** Programs in the CLI's place that hang at each step of their start, and a credential that the API refuses. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { baseEnvironment } from '../../src/claude/process/environment.js'
import { ClaudeExecutor } from '../../src/claude/executor.js'
import type { ClaudeSetup } from '../../src/claude/setup.js'
import { ClaudeStatus } from '../../src/claude/status.js'
import { until } from '../helper.js'
import { noneAlive, says, temporary } from './harness.js'
import { freeSeat } from '../jobs/seat.js'

t.setTimeout(240_000)

/** A program that takes control requests as the CLI does, but for those that `hangs` names, as long as the file `well` is not there. */
function stub(t: Test, hangs: string): { binary: string; well: string } {
  const folder = temporary(t, 'stub-')
  const binary = path.join(folder, 'cli.cjs')
  const well = path.join(folder, 'well')
  const code = `#!/usr/bin/env node
const { existsSync } = require('node:fs')
const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n')
const hangs = (step) => step === ${JSON.stringify(hangs)} && !existsSync(${JSON.stringify(well)})
process.on('SIGTERM', () => {})
const argv = process.argv.slice(2)
if (argv[0] === '--version') {
  if (hangs('--version')) setInterval(() => {}, 1000)
  else console.log('2.1.329 (Claude Code)')
} else if (argv[0] === 'auth') {
  if (hangs('auth')) setInterval(() => {}, 1000)
  else console.log(JSON.stringify({ loggedIn: true, authMethod: 'claude.ai' }))
} else {
  let rest = ''
  process.stdin.setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\\n')
    rest = lines.pop()
    for (const line of lines) {
      const { type, request_id, request } = JSON.parse(line)
      if (type !== 'control_request') continue
      if (!hangs(request.subtype)) say({ type: 'control_response', response: { subtype: 'success', request_id, response: {} } })
    }
  })
}
`
  writeFileSync(binary, code, { mode: 0o755 })
  return { binary, well }
}

function executorOn(t: Test, binary: string, more: Partial<ClaudeSetup>): ClaudeExecutor {
  return new ClaudeExecutor({
    binary: () => ({ path: binary, version: '2.1.329', problem: null }),
    credential: 'api_key',
    env: baseEnvironment({ PATH: process.env['PATH'], ANTHROPIC_API_KEY: 'none' }),
    workspaceRoot: temporary(t),
    observe: () => {},
    abilities: () => ({ takingBack: true, newPrompt: true, warmUp: true }),
    warm: { perProfile: 1, total: 1, parked: 0, idleMs: 60_000 },
    ...more,
  })
}

await t.test('a ready process that does not become ready', async (t) => {
  for (const step of ['mcp_status', 'initialize']) {
    const { binary, well } = stub(t, step)
    const causes: string[] = []
    const executor = executorOn(t, binary, { startLimitMs: 1500, onStartFailure: (cause) => causes.push(cause) })
    executor.prepare('sonnet')
    t.ok(await until(() => causes.length > 0), `${step}: the start has a limit`)
    t.match(executor.stats, { failures: 1, last_failure: { at: Number, cause: causes[0]! } })
    writeFileSync(well, '')
    t.ok(await until(() => executor.stats.ready === 1, 60_000), `${step}: and is tried again`)
    await executor.close()
  }
  noneAlive(t)
})

await t.test('the end does not wait for a process that starts', async (t) => {
  const executor = executorOn(t, stub(t, 'mcp_status').binary, { startLimitMs: 60_000 })
  executor.prepare('sonnet')
  t.ok(await until(() => executor.stats.starting === 1))
  await sleep(500)
  const from = performance.now()
  await executor.close()
  t.ok(performance.now() - from < 5000)
  t.equal(executor.stats.failures, 0, 'that was no failure')
  noneAlive(t)
})

await t.test('a run on a process that gives no sign of life', async (t) => {
  for (const step of ['initialize', 'none']) {
    const executor = executorOn(t, stub(t, step).binary, { startLimitMs: 1500, warm: { perProfile: 0, total: 0, parked: 0, idleMs: 1000 } })
    const { outcome, gone } = executor.run({
      ...{ jobId: 'task_1', owner: 'anna', choice: 0, signal: new AbortController().signal },
      request: { kind: 'claude', model: 'sonnet', system: ['Be brief.'], turns: [says('hi')] },
      emit: () => {},
      alive: () => {},
      seat: freeSeat,
    })
    t.match(await outcome, { kind: 'failed', failure: { code: 'claude_unavailable', message: /no sign of life within 1.5 s/ } }, step)
    await gone
    await executor.close()
  }
  noneAlive(t)
})

const timing = { recheckMs: 200, askMs: 1500, refusedMs: 400 }

await t.test('a CLI that does not say its version, and then does', async (t) => {
  const { binary, well } = stub(t, '--version')
  const env = { PATH: process.env['PATH'], ANTHROPIC_API_KEY: 'none' }
  const status = new ClaudeStatus(binary, env, baseEnvironment(env), timing)
  t.teardown(() => status.stop())
  status.start()
  t.match(status.health(), { auth_status: 'checking', problem: null, claude_authenticated: false })
  await status.checked
  t.match(status.health(), { version: null, problem: /--version did not answer within 1.5 s/ })
  writeFileSync(well, '')
  t.ok(await until(() => status.health().version === '2.1.329'), 'it is asked again')
  t.match(status.health(), { problem: null, claude_authenticated: true, auth_status: 'api_key' })
})

await t.test('a CLI that does not say whether it is logged in, and then does', async (t) => {
  const { binary, well } = stub(t, 'auth')
  const env = { PATH: process.env['PATH'], HOME: temporary(t) }
  const status = new ClaudeStatus(binary, env, baseEnvironment(env), timing)
  t.teardown(() => status.stop())
  status.start()
  await status.checked
  t.match(status.health(), { version: '2.1.329', auth_status: 'unknown', claude_authenticated: false })
  writeFileSync(well, '')
  t.ok(await until(() => status.health().claude_authenticated), 'it is asked again')
})

const refusal = { kind: 'failed', failure: { code: 'upstream_auth', message: 'no' } } as const

await t.test('a credential that is refused is tried by one request after a while', async (t) => {
  const env = { PATH: process.env['PATH'], ANTHROPIC_API_KEY: 'none' }
  const status = new ClaudeStatus(stub(t, 'nothing').binary, env, baseEnvironment(env), timing)
  t.teardown(() => status.stop())
  status.start()
  await status.checked
  status.observe(refusal, 'anna', 'job_1')
  t.match(status.health(), { auth_status: 'refused', claude_authenticated: false })
  t.notOk(status.halfOpen)
  t.ok(await until(() => status.halfOpen))
  t.match(status.health(), { auth_status: 'refused' }, 'which is not forgotten meanwhile')
  status.begin()
  t.notOk(status.halfOpen, 'one is enough')
  status.observe(refusal, 'anna', 'job_1')
  t.notOk(status.halfOpen)
  t.ok(await until(() => status.halfOpen), 'and again')
  status.begin()
  status.observe({ kind: 'aborted' }, 'anna', 'job_1')
  t.ok(status.halfOpen, 'one that was given up has shown nothing')
  status.observe({ kind: 'finished', reason: 'stop' }, 'anna', 'job_1')
  t.match(status.health(), { auth_status: 'api_key', claude_authenticated: true })
})

await t.test('a stored login that is refused counts again when it is another one', async (t) => {
  const home = temporary(t)
  const file = path.join(home, '.claude', '.credentials.json')
  mkdirSync(path.dirname(file))
  writeFileSync(file, '{}')
  const env = { PATH: process.env['PATH'], HOME: home }
  const status = new ClaudeStatus(stub(t, 'nothing').binary, env, baseEnvironment(env), timing)
  t.teardown(() => status.stop())
  status.start()
  await status.checked
  t.match(status.health(), { auth_status: 'claude.ai', claude_authenticated: true })
  status.observe(refusal, 'anna', 'job_1')
  await sleep(2000)
  t.match(status.health(), { auth_status: 'refused', claude_authenticated: false }, 'what the CLI says of it does not change that')
  utimesSync(file, new Date(), new Date(Date.now() + 5000))
  t.ok(await until(() => status.health().claude_authenticated), 'another login')
})
