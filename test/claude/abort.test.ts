/** A run that is aborted ends within a second: its process, its files and its upstream connection. */
import t from 'tap'
import { promptMs } from '../helper.js'
import * as standins from '../standin/index.js'
import type { Standin } from '../standin/index.js'
import { answers, noneAlive, says, startRun, type LiveRun, type RunOptions } from './harness.js'
import { realCli } from './real-cli.js'

const cli = await realCli()

interface Case {
  name: string
  /** resolves when it is time to abort */
  when: (live: LiveRun, standin: Standin) => Promise<unknown>
  reply?: standins.Reply
  upstream: boolean
  text?: string
}

const firstText = new WeakMap<LiveRun, Promise<void>>()

const cases: Case[] = [
  { name: 'before it starts', when: async () => {}, upstream: false },
  { name: 'while it starts', when: (live) => live.started(), upstream: false },
  {
    name: 'before the headers',
    when: (_, standin) => standin.call(0),
    reply: standins.hangBeforeHeaders(),
    upstream: true,
  },
  { name: 'before the first word', when: (_, standin) => standin.call(0), reply: standins.hang(0, 20), upstream: true },
  { name: 'in the middle', when: (live) => firstText.get(live)!, reply: standins.hang(3, 20), upstream: true },
  {
    name: 'while words come',
    when: (live) => firstText.get(live)!,
    reply: standins.message('word '.repeat(2000), { pace: { tokenDelayMs: 5 } }),
    upstream: true,
  },
  {
    name: 'while it waits to ask again',
    when: async (_, standin) => {
      const call = await standin.call(0)
      await call.ended
    },
    reply: standins.rateLimited(1),
    upstream: false,
  },
]

for (const { name, when, reply, upstream } of cases) {
  await t.test(name, async (t) => {
    const standin = await standins.startStandin({ fallback: () => reply ?? standins.message('one') })
    t.teardown(() => standin.close())
    let seen = () => undefined as void
    const text = new Promise<void>((resolve) => (seen = resolve))
    const options: RunOptions = {
      ...cli,
      host: cli.hostFor(standin),
      request: { turns: [says('a'), answers('b'), says('c')] },
      onEvent: (event) => event.type === 'text' && seen(),
    }
    const live = startRun(t, options)
    firstText.set(live, text)
    await when(live, standin)
    const from = performance.now()
    live.abort()
    t.match(await live.outcome, { kind: 'aborted' })
    t.ok(performance.now() - from < promptMs, 'the outcome is there at once')
    const ended = await live.end()
    t.ok(performance.now() - from < promptMs, `gone after ${Math.round(performance.now() - from)} ms`)
    t.strictSame(ended.left, [])
    const [call] = standin.calls
    if (upstream) {
      await call!.ended
      t.ok(call!.closed, 'the upstream connection is closed')
      t.ok(performance.now() - from < promptMs, 'and soon')
    }
    t.ok(standin.calls.length <= 1, 'nothing more is asked')
    noneAlive(t)
  })
}

await t.test('after the answer an abort changes nothing', async (t) => {
  const standin = await standins.startStandin({ fallback: () => standins.message('one two') })
  t.teardown(() => standin.close())
  const live = startRun(t, { ...cli, host: cli.hostFor(standin) })
  t.match(await live.outcome, { kind: 'finished' })
  live.abort()
  t.match(await live.end(), { outcome: { kind: 'finished' }, text: 'one two', left: [] })
  noneAlive(t)
})
