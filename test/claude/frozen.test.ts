/** Processes that wait and are stopped meanwhile, and such as only wait for a slow model. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { baseEnvironment } from '../../src/claude/process/environment.js'
import { ClaudeExecutor } from '../../src/claude/executor.js'
import type { ClaudeSetup } from '../../src/claude/setup.js'
import { liveProcessCount } from '../../src/claude/process/process.js'
import type { Outcome } from '../../src/jobs/executor.js'
import type { ClaudeRequest, Turn } from '../../src/request/conversation.js'
import { cliProcesses } from '../chaos/pool-watch.js'
import { until } from '../helper.js'
import { message, offered, startStandin, toolUse } from '../standin/index.js'
import { realCli } from './real-cli.js'
import { freeSeat } from '../jobs/seat.js'

const linux = process.platform === 'linux' ? {} : { skip: 'finds processes in /proc' }

const standin = await startStandin()
const cli = await realCli()
const root = mkdtempSync(path.join(os.tmpdir(), 'bridge-frozen-'))
t.teardown(async () => {
  await standin.close()
  rmSync(root, { recursive: true, force: true })
})

const user = (text: string): Turn => ({ role: 'user', content: [{ type: 'text', text }] })
const assistant = (text: string): Turn => ({ role: 'assistant', content: [{ type: 'text', text }] })
const request = (turns: Turn[], more: Partial<ClaudeRequest> = {}): ClaudeRequest => {
  return { kind: 'claude', model: 'sonnet', system: [], turns, ...more }
}

interface Said {
  text: string
  call: string | undefined
  outcome: Outcome
  ms: number
}

async function run(executor: ClaudeExecutor, asked: ClaudeRequest): Promise<Said> {
  const from = performance.now()
  let text = ''
  let call: string | undefined
  const execution = executor.run({
    ...{ jobId: 'task_1', owner: 'anna', choice: 0, request: asked, signal: new AbortController().signal },
    emit: (event) => {
      if (event.type === 'text') text += event.text
      if (event.type === 'tool_call') call ??= event.id
    },
    alive: () => {},
    seat: freeSeat,
  })
  const outcome = await execution.outcome
  const ms = performance.now() - from
  await execution.gone
  return { text, call, outcome, ms }
}

async function withExecutor(more: Partial<ClaudeSetup>, body: (executor: ClaudeExecutor) => Promise<void>): Promise<void> {
  const executor = new ClaudeExecutor({
    binary: () => ({ path: cli.binary, version: cli.version, problem: null }),
    abilities: cli.abilities,
    credential: 'api_key',
    env: baseEnvironment(cli.hostFor(standin)),
    workspaceRoot: root,
    observe: () => {},
    warm: { perProfile: 1, total: 1, parked: 3, idleMs: 60_000 },
    ...more,
  })
  try {
    await body(executor)
  } finally {
    await executor.close()
  }
  t.equal(liveProcessCount(), 0, 'no process is left')
}

const onlyParked = { perProfile: 0, total: 0, parked: 3, idleMs: 60_000 }

await t.test('a ready process that is frozen is replaced', linux, (t) =>
  withExecutor({ frozenLimitMs: 1500 }, async (executor) => {
    standin.when('F-ready', message('from another'))
    executor.prepare('sonnet')
    t.ok(await until(() => executor.stats.ready === 1))
    const [frozen] = cliProcesses(root)
    process.kill(frozen!, 'SIGSTOP')
    const { text, outcome, ms } = await run(executor, request([user('F-ready')]))
    t.match(outcome, { kind: 'finished' })
    t.equal(text, 'from another')
    t.ok(ms >= 1400 && ms < 10_000, `after ${ms} ms`)
    t.notOk(cliProcesses(root).includes(frozen!), 'the frozen one is gone')
  }),
)

await t.test('one that was frozen while it waited for its conversation is replaced', linux, (t) =>
  withExecutor({ frozenLimitMs: 1500, warm: onlyParked }, async (executor) => {
    standin.when('F-again', message('from another'))
    const first = await run(executor, request([user('F-first')]))
    t.equal(executor.stats.parked, 1)
    const [frozen] = cliProcesses(root)
    process.kill(frozen!, 'SIGSTOP')
    const { text, outcome, ms } = await run(executor, request([user('F-first'), assistant(first.text), user('F-again')]))
    t.match(outcome, { kind: 'finished' })
    t.equal(text, 'from another')
    t.ok(ms < 10_000, `after ${ms} ms`)
    t.notOk(cliProcesses(root).includes(frozen!), 'the frozen one is gone')
  }),
)

await t.test('a process that waits for a slow model is not', linux, (t) =>
  withExecutor({}, async (executor) => {
    const tools = { tools: [{ name: 'look', parameters: { type: 'object' } }] }
    const forget = standin.when('F-call', message([toolUse(offered('look'))]))
    const parked = await run(executor, request([user('F-slow parked')]))
    const called = await run(executor, request([user('F-call')], tools))
    t.type(called.call, 'string')
    t.ok(await until(() => executor.stats.ready === 1))
    forget()
    const processes = cliProcesses(root)
    t.match([executor.stats.parked, processes.length], [2, 3])

    standin.when(/F-slow|no-more/, async () => {
      await sleep(7000)
      return message('at last')
    })
    const slow = (turns: Turn[], more?: Partial<ClaudeRequest>) => run(executor, request(turns, more))
    const before = standin.calls.length
    const all = await Promise.all([
      slow([user('F-slow ready')]),
      slow([user('F-slow parked'), assistant(parked.text), user('F-slow again')]),
      slow(
        [
          user('F-call'),
          { role: 'assistant', content: [{ type: 'tool_use', id: called.call!, name: 'look', input: {} }] },
          { role: 'user', content: [{ type: 'tool_result', toolCallId: called.call!, content: [{ type: 'text', text: 'no-more' }] }] },
        ],
        tools,
      ),
    ])
    for (const { text, outcome, ms } of all) {
      t.match(outcome, { kind: 'finished' })
      t.equal(text, 'at last')
      t.ok(ms >= 7000)
    }
    t.equal(standin.calls.length - before, 3, 'each was asked once')
    const after = cliProcesses(root)
    t.ok(
      processes.every((pid) => after.includes(pid)),
      'by the process that was there',
    )
  }),
)
