/** Processes that are ready before they are asked for, and conversations that go on in their own process. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { baseEnvironment } from '../../src/claude/process/environment.js'
import { ClaudeExecutor } from '../../src/claude/executor.js'
import { liveProcessCount } from '../../src/claude/process/process.js'
import type { Outcome } from '../../src/jobs/executor.js'
import type { ClaudeRequest, Turn } from '../../src/request/conversation.js'
import { cliProcesses } from '../chaos/pool-watch.js'
import { until } from '../helper.js'
import { type RecordedRequest, startStandin } from '../standin/index.js'
import { realCli } from './real-cli.js'
import { freeSeat } from '../jobs/seat.js'

const standin = await startStandin()
const cli = await realCli()
/** Whether this version's processes are asked for anything but the next turn. */
const { takingBack } = cli.abilities()
const root = mkdtempSync(path.join(os.tmpdir(), 'bridge-warm-'))
const setup = {
  binary: () => ({ path: cli.binary, version: cli.version, problem: null }),
  abilities: cli.abilities,
  credential: 'api_key' as const,
  env: baseEnvironment(cli.hostFor(standin)),
  workspaceRoot: root,
  observe: () => {},
}
const sizes = { perProfile: 1, total: 2, parked: 2, idleMs: 60_000 }

t.teardown(async () => {
  await standin.close()
  rmSync(root, { recursive: true, force: true })
})

const user = (text: string): Turn => ({ role: 'user', content: [{ type: 'text', text }] })
const assistant = (text: string): Turn => ({ role: 'assistant', content: [{ type: 'text', text }] })
const request = (...turns: Turn[]): ClaudeRequest => ({ kind: 'claude', model: 'sonnet', system: ['Be brief'], turns })

interface Said {
  text: string
  outcome: Outcome
  /** what the model was asked; undefined where it was not */
  asked: RecordedRequest | undefined
}

/** One run to its very end. */
async function run(executor: ClaudeExecutor, asked: ClaudeRequest, owner = 'anna'): Promise<Said> {
  const before = standin.calls.length
  let text = ''
  const execution = executor.run({
    jobId: 'task_1',
    owner,
    choice: 0,
    request: asked,
    signal: new AbortController().signal,
    emit: (event) => {
      if (event.type === 'text') text += event.text
    },
    alive: () => {},
    seat: freeSeat,
  })
  const outcome = await execution.outcome
  await execution.gone
  return { text, outcome, asked: standin.calls[before] }
}

/** The CLI's own id of the process's session, as the API sees it. */
function sessionOf(asked: RecordedRequest | undefined): unknown {
  return asked?.headers['x-claude-code-session-id']
}

async function withExecutor(body: (executor: ClaudeExecutor) => Promise<void>, warm = sizes): Promise<void> {
  const executor = new ClaudeExecutor({ ...setup, warm })
  try {
    await body(executor)
  } finally {
    await executor.close()
  }
  t.equal(liveProcessCount(), 0, 'no process is left')
  t.strictSame(readdirSync(root), [], 'no workspace is left')
}

await t.test('a ready process is handed to one run, replaced, and asked again', () =>
  withExecutor(async (executor) => {
    executor.prepare('sonnet')
    t.ok(await until(() => executor.stats.ready === 1), 'it is ready')
    const [ready] = cliProcesses(root)
    const first = await run(executor, request(user('one')))
    t.match(first.outcome, { kind: 'finished', reason: 'stop' })
    t.ok(cliProcesses(root).includes(ready!), 'the ready one has answered, and waits for its conversation')
    t.ok(await until(() => executor.stats.ready === 1), 'another is ready')
    const second = await run(executor, request(user('two')))
    if (takingBack) t.equal(sessionOf(second.asked), sessionOf(first.asked), 'another conversation is had in the process that has answered')
    t.notMatch(JSON.stringify(second.asked?.body), 'one', 'which has heard nothing of the first')
    t.ok(cliProcesses(root).length <= sizes.total + sizes.parked, 'no more than there may be')
  }),
)

await t.test('a conversation goes on in its own process', () =>
  withExecutor(async (executor) => {
    const first = await run(executor, request(user('hello')))
    t.equal(executor.stats.parked, 1)
    const second = await run(executor, request(user('hello'), assistant(first.text), user('and now?')))
    t.equal(sessionOf(second.asked), sessionOf(first.asked), 'the same process')
    const replayed = await run(executor, request(user('hello'), assistant(first.text), user('and now?')))
    if (takingBack) t.equal(sessionOf(replayed.asked), sessionOf(first.asked), 'and again, when its last turn is taken back')
    const texts = (asked: RecordedRequest | undefined) =>
      JSON.stringify((asked?.body as { messages: unknown }).messages).replaceAll(/,"cache_control":\{[^}]*\}/g, '')
    t.equal(texts(second.asked), texts(replayed.asked), 'the model is told the same')
  }),
)

await t.test('one process serves one conversation at a time, and one owner', () =>
  withExecutor(async (executor) => {
    const first = await run(executor, request(user('hello')))
    const next = request(user('hello'), assistant(first.text), user('both of us'))
    const foreign = await run(executor, next, 'bert')
    t.not(sessionOf(foreign.asked), sessionOf(first.asked), 'another owner has another process')
    const before = standin.calls.length
    await Promise.all([run(executor, next), run(executor, next)])
    const sessions = standin.calls.slice(before).map(sessionOf)
    t.equal(new Set(sessions).size, 2, 'two clients with the same history have two processes')
    t.ok(sessions.includes(sessionOf(first.asked)), 'one of them the conversation’s own')
    t.ok(executor.stats.parked <= sizes.parked)
  }),
)

await t.test('a process that is killed while it waits is nobody’s failure', () =>
  withExecutor(async (executor) => {
    executor.prepare('sonnet')
    t.ok(await until(() => executor.stats.ready === 1), 'there is one')
    for (const pid of cliProcesses(root)) process.kill(pid, 'SIGKILL')
    const first = await run(executor, request(user('hello')))
    t.match(first.outcome, { kind: 'finished' }, 'a ready one')
    for (const pid of cliProcesses(root)) process.kill(pid, 'SIGKILL')
    const second = await run(executor, request(user('hello'), assistant(first.text), user('again')))
    t.match(second.outcome, { kind: 'finished' }, 'one that waited for its conversation')
    t.match(JSON.stringify(second.asked?.body), 'hello', 'which was told again')
  }),
)

await t.test('what nobody asks for is let go', () =>
  withExecutor(
    async (executor) => {
      await run(executor, request(user('hello')))
      t.equal(executor.stats.parked, 1)
      t.ok(await until(() => executor.stats.parked === 0 && liveProcessCount() <= 1))
    },
    { ...sizes, idleMs: 500 },
  ),
)

await t.test('none is kept where none is asked for', () =>
  withExecutor(
    async (executor) => {
      executor.prepare('sonnet')
      await run(executor, request(user('hello')))
      t.match(executor.stats, { enabled: false, ready: 0, starting: 0, parked: 0 })
      t.equal(liveProcessCount(), 0)
    },
    { perProfile: 0, total: 0, parked: 0, idleMs: 60_000 },
  ),
)
