/**
 * What a request sets counts in a conversation that goes on as it does in a new process: what the model's API gets of the two is
 * compared, for every change of a setting between two turns.
 */
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import type { ClaudeExecutor } from '../../src/claude/executor.js'
import type { ClaudeRequest, Turn } from '../../src/request/conversation.js'
import { type RecordedRequest, message, offered, startStandin, toolUse } from '../standin/index.js'
import { answers, noneAlive, says } from './harness.js'
import { realCli } from './real-cli.js'
import { callsOf, sessionOf, startBoth } from './reuse-bodies.js'

t.setTimeout(900_000)
const cli = await realCli()
const standin = await startStandin({ fallback: () => message('fine') })
t.teardown(() => standin.close())
const { live, fresh } = startBoth(t, cli, standin, cli.hostFor(standin))

type Settings = Partial<ClaudeRequest>

/** The only call of a run. */
async function call(executor: ClaudeExecutor, turns: Turn[], settings: Settings): Promise<RecordedRequest> {
  const [only, ...others] = await callsOf(executor, standin, { system: ['Be brief.'], turns, ...settings })
  if (others.length > 0) throw new Error(`${others.length} calls more than one`)
  return only!
}

/** What the API gets, but for the mark of what is last, and what is another with each process. */
function bodyOf(call: RecordedRequest): Record<string, unknown> {
  const rest = { ...call.body, metadata: undefined }
  return JSON.parse(JSON.stringify(rest, (key, value: unknown) => (key === 'cache_control' ? undefined : value))) as Record<string, unknown>
}

function same(t: Test, got: RecordedRequest, wanted: RecordedRequest, name: string): void {
  const [a, b] = [bodyOf(got), bodyOf(wanted)]
  const members = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((member) => !isDeepStrictEqual(a[member], b[member]))
  const differ = members.map((member) => `${member}: ${JSON.stringify(a[member])}, fresh: ${JSON.stringify(b[member])}`)
  t.strictSame(differ, [], name)
}

const weather = { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } }
const time = { name: 'get_time', description: 'The time', parameters: { type: 'object', properties: {} } }

/** All of them can be told to the same process. */
const perTurn: Record<string, Settings> = {
  nothing: {},
  'no thinking': { effort: 'none' },
  'a small limit': { maxTokens: 100 },
  'another limit, no thinking': { maxTokens: 9000, effort: 'none' },
  'stop, one call at most': { stop: ['END'], parallelToolCalls: false },
  'a function': { toolChoice: { name: 'get_time' } },
  'no function': { toolChoice: 'none' },
}

/** A walk that makes every step from one of `count` places to another exactly once: count * (count - 1) + 1 places. */
function everyStep(count: number): number[] {
  const left = Array.from({ length: count }, (_, from) => Array.from({ length: count }, (_, to) => to).filter((to) => to !== from))
  const path: number[] = []
  const stack = [0]
  while (stack.length > 0) {
    const next = left[stack.at(-1)!]!.pop()
    if (next === undefined) path.unshift(stack.pop()!)
    else stack.push(next)
  }
  return path
}

await t.test('every change between two turns of one process', async (t) => {
  const base: Settings = { effort: 'low', tools: [weather, time] }
  const settings = Object.entries(perTurn).map(([name, more]) => ({ name, more: { ...base, ...more } }))
  const first = [says('hi')]
  const wanted: RecordedRequest[] = []
  for (const { more } of settings) wanted.push(await call(fresh, first, more))

  let turns = first
  let session: unknown
  const walk = everyStep(settings.length)
  for (const [index, place] of walk.entries()) {
    const { name, more } = settings[place]!
    const before = index === 0 ? 'the start' : settings[walk[index - 1]!]!.name
    const got = await call(live, turns, more)
    session ??= sessionOf(got)
    t.equal(sessionOf(got), session, `${before}, then ${name}: the same process`)
    const sent = { ...got, body: { ...got.body, messages: wanted[place]!.body.messages } } as RecordedRequest
    same(t, sent, wanted[place]!, `${before}, then ${name}`)
    t.equal(got.body.messages?.length, turns.length)
    turns = [...turns, answers('fine'), says(`and ${index}?`)]
  }
})

await t.test('a change that no process can be told is another process', async (t) => {
  const output = { name: 'answer', schema: { type: 'object', properties: { a: { type: 'string' } } } }
  // one conversation: each change is one from the settings of the turn before
  const table: [name: string, settings: Settings][] = [
    ['effort', { effort: 'high', tools: [weather] }],
    ['other functions', { effort: 'high', tools: [time] }],
    ['no functions any more', { effort: 'high' }],
    ['a schema', { effort: 'high', output }],
  ]
  standin.when('P-json', message(toolUse('StructuredOutput', { a: 'b' })))
  let turns = [says('hello')]
  let before = await call(live, turns, { effort: 'low', tools: [weather] })
  for (const [name, settings] of table) {
    turns = [...turns, answers('fine'), says(settings.output === undefined ? `and ${name}?` : 'P-json')]
    const got = await call(live, turns, settings)
    t.not(sessionOf(got), sessionOf(before), name)
    same(t, got, await call(fresh, turns, settings), name)
    before = got
  }
})

/** The model's call of `get_weather`, and the client's result of it. */
const called = (id: string): Turn[] => [
  { role: 'assistant', content: [{ type: 'tool_use', id, name: 'get_weather', input: { city: 'Rome' } }] },
  { role: 'user', content: [{ type: 'tool_result', toolCallId: id, content: [{ type: 'text', text: 'sun' }] }] },
]
const thinks = ({ body }: RecordedRequest): boolean => (body['thinking'] as { type?: string } | undefined)?.type === 'enabled'

await t.test('changes between a call and its result', async (t) => {
  // the CLI reads the body's members for each call, but the limit and the thinking for each turn only
  const steps: [name: string, before: Settings, after: Settings, samePlace: boolean][] = [
    ['the level alone', { effort: 'none' }, { effort: 'low' }, true],
    ['stop', { effort: 'none', stop: ['END'] }, { effort: 'none', stop: ['HALT'], parallelToolCalls: false }, true],
    ['no function', { effort: 'none' }, { effort: 'none', toolChoice: 'none' }, true],
    ['no thinking any more', { effort: 'low' }, { effort: 'none' }, false],
    ['a limit', { effort: 'none' }, { effort: 'none', maxTokens: 700 }, false],
    ['no limit any more', { effort: 'none', maxTokens: 700 }, { effort: 'none' }, false],
    ['a forced call', { effort: 'low', toolChoice: 'required' }, { effort: 'low' }, true],
  ]
  // one conversation, too: a step begins in the process that ended the one before
  const more = { tools: [weather] }
  let asked: Turn[] = []
  for (const [index, [name, before, after, samePlace]] of steps.entries()) {
    const id = `toolu_step_${index}`
    const replies = [message(toolUse(offered('get_weather'), { city: 'Rome' }, id)), message('fine'), message('fine')]
    const removes = standin.when(`P-step-${index}`, ...replies)
    asked = [...asked, says(`P-step-${index}`)]
    const turns = [...asked, ...called(id)]
    const first = await call(live, asked, { ...more, ...before })
    const got = await call(live, turns, { ...more, ...after })
    t.equal(sessionOf(got) === sessionOf(first), samePlace, `${name}: ${samePlace ? 'the same process' : 'another process'}`)
    same(t, got, await call(fresh, turns, { ...more, ...after }), name)
    removes()
    asked = [...turns, answers('fine')]
  }
})

await t.test('after a replayed result the process thinks again', async (t) => {
  const turns = [says('weather?'), ...called('toolu_replayed')]
  const more: Settings = { effort: 'high', tools: [weather] }
  const replayed = await call(live, turns, more)
  t.notOk(thinks(replayed), 'not without the thoughts that led to the call')
  const next = [...turns, answers('fine'), says('and tomorrow?')]
  const got = await call(live, next, more)
  t.equal(sessionOf(got), sessionOf(replayed), 'the same process')
  t.ok(thinks(got))
  same(t, got, await call(fresh, next, more), 'as a new process does')
})

await t.test('where the process has its thoughts, it thinks on after a result', async (t) => {
  const more: Settings = { effort: 'high', tools: [weather] }
  standin.when('P-think', message(toolUse(offered('get_weather'), { city: 'Rome' }, 'toolu_think')), message('fine'))
  t.ok(thinks(await call(live, [says('P-think')], more)))
  t.ok(thinks(await call(live, [says('P-think'), ...called('toolu_think')], more)))
})

await t.test('no process is left', async (t) => {
  await live.close()
  noneAlive(t)
})
