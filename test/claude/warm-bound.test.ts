/** How many processes there are: never more than said, also while one that is let go takes its time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { baseEnvironment } from '../../src/claude/process/environment.js'
import { ClaudeExecutor } from '../../src/claude/executor.js'
import type { ClaudeSetup } from '../../src/claude/setup.js'
import type { WarmSizes } from '../../src/claude/pool/setup.js'
import { liveProcessCount } from '../../src/claude/process/process.js'
import { until } from '../helper.js'
import { freeSeat } from '../jobs/seat.js'

const root = mkdtempSync(path.join(os.tmpdir(), 'bridge-bound-'))
t.teardown(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))

/** Takes every request, answers every line, and takes its time when it is to end. */
const stayer = stub(`
const staying = setInterval(() => {}, 1000)
process.stdin.on('end', () => setTimeout(() => clearInterval(staying), 600))
`)
/** Takes every request and dies before anybody can use it. */
const dier = stub('setTimeout(() => process.exit(1), 200)')

function stub(body: string): string {
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'bridge-stub-')), 'stub.cjs')
  const code = `#!/usr/bin/env node
const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n')
const event = (event) => say({ type: 'stream_event', event })
let rest = ''
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\\n')
  rest = lines.pop()
  for (const line of lines.map((line) => JSON.parse(line))) {
    if (line.type === 'control_request') say({ type: 'control_response', response: { subtype: 'success', request_id: line.request_id } })
    if (line.type !== 'user') continue
    event({ type: 'message_start', message: { id: 'm', model: 'stub', usage: {} } })
    event({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'hello' } })
    event({ type: 'message_delta', delta: { stop_reason: 'end_turn' } })
    say({ type: 'result', subtype: 'success', is_error: false, stop_reason: 'end_turn', usage: {} })
  }
})
${body}`
  writeFileSync(file, code, { mode: 0o755 })
  t.teardown(() => rmSync(path.dirname(file), { recursive: true, force: true }))
  return file
}

/** With a stored login a process is asked to end before it is made to: it is then that ending takes long. */
function executorOn(binary: string, warm: WarmSizes, more: Partial<ClaudeSetup> = {}): ClaudeExecutor {
  return new ClaudeExecutor({
    binary: () => ({ path: binary, version: '2.1.329', problem: null }),
    credential: 'login',
    env: baseEnvironment({ PATH: process.env['PATH'], HOME: root }),
    workspaceRoot: root,
    observe: () => {},
    warm,
    ...more,
  })
}

/** The most processes at any look while `body` went on. */
async function mostWhile(body: () => Promise<void>): Promise<number> {
  let most = 0
  const look = setInterval(() => (most = Math.max(most, liveProcessCount())), 1)
  try {
    await body()
  } finally {
    clearInterval(look)
  }
  return most
}

async function ask(executor: ClaudeExecutor, text: string, owner: string): Promise<void> {
  const { outcome, gone } = executor.run({
    jobId: 'task_1',
    owner,
    choice: 0,
    request: { kind: 'claude', model: 'sonnet', system: [], turns: [{ role: 'user', content: [{ type: 'text', text }] }] },
    signal: new AbortController().signal,
    emit: () => {},
    alive: () => {},
    seat: freeSeat,
  })
  t.match(await outcome, { kind: 'finished' }, text)
  await gone
}

await t.test('a process that makes room for another owner’s holds a slot until it is gone', async (t) => {
  const executor = executorOn(stayer, { perProfile: 0, total: 0, parked: 1, idleMs: 60_000 })
  const most = await mostWhile(async () => {
    for (const owner of ['anna', 'bert', 'carl', 'dora']) await ask(executor, 'hi', owner)
  })
  t.equal(executor.stats.parked, 1)
  t.equal(most, 2, 'one at work beside those that may wait')
  await executor.close()
  t.equal(liveProcessCount(), 0)
})

await t.test('processes that do not take a turn back: the first of them is given up for a new one', async (t) => {
  const abilities = () => ({ takingBack: true, newPrompt: true, warmUp: false })
  const executor = executorOn(stayer, { perProfile: 0, total: 0, parked: 6, idleMs: 60_000 }, { abilities })
  await Promise.all(['one', 'two', 'three'].map((text) => ask(executor, text, 'anna')))
  t.ok(executor.stats.parked >= 2, `${executor.stats.parked} could be asked`)
  await ask(executor, 'four', 'anna')
  await executor.close()
  t.equal(liveProcessCount(), 0)
})

await t.test('a ready one that makes room for another profile goes first', async (t) => {
  const executor = executorOn(stayer, { perProfile: 1, total: 1, parked: 0, idleMs: 60_000 })
  const most = await mostWhile(async () => {
    for (const model of ['sonnet', 'opus', 'haiku']) {
      executor.prepare(model)
      await until(() => executor.stats.starting === 1)
      t.ok(await until(() => executor.stats.starting === 0 && executor.stats.ready === 1, 20_000), `${model} is ready`)
      await sleep(5)
    }
  })
  t.equal(most, 1)
  await executor.close()
  t.equal(liveProcessCount(), 0)
})

await t.test('ready ones are retired by age: for good where nobody asks, else replaced', async (t) => {
  const executor = executorOn(stayer, { perProfile: 1, total: 1, parked: 0, idleMs: 2500 })
  executor.prepare('sonnet')
  t.ok(await until(() => executor.stats.ready === 1))
  t.ok(await until(() => liveProcessCount() === 0), 'nobody asks')
  await sleep(1000)
  t.match(executor.stats, { ready: 0, starting: 0 }, 'and none takes its place')
  t.equal(liveProcessCount(), 0)

  const asking = setInterval(() => executor.prepare('sonnet'), 20)
  let went = 0
  let before = 0
  const counting = setInterval(() => {
    const now = executor.stats.ready
    if (now < before) went += 1
    before = now
  }, 5)
  t.ok(await until(() => went >= 2, 30_000), 'somebody does: an old one goes')
  t.ok(await until(() => executor.stats.ready === 1), 'and a young one comes')
  clearInterval(asking)
  clearInterval(counting)
  await executor.close()
  t.equal(liveProcessCount(), 0)
})

await t.test('one that starts and dies at once is a start that fails', async (t) => {
  const executor = executorOn(dier, { perProfile: 1, total: 1, parked: 0, idleMs: 60_000 })
  executor.prepare('sonnet')
  t.ok(await until(() => executor.stats.failures >= 3, 30_000), 'counted in a row, so that it is tried ever less often')
  t.type(executor.stats.next_try, 'number')
  await executor.close()
  t.equal(liveProcessCount(), 0)
})
