/** The time that a request takes to read grows with its size, and not with the square of it. */
import t from 'tap'
import { parse, parseWith, refusal } from './parse.js'

/** Generous on a busy machine, and far below what the square of the size takes. */
const limitMs = 10_000

function within<T>(t: { ok(value: boolean, name: string): unknown }, name: string, task: () => T): T {
  const from = performance.now()
  const result = task()
  const ms = Math.round(performance.now() - from)
  t.ok(ms < limitMs, `${name}: ${ms} ms`)
  return result
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
const call = (index: number, id = `call_${index}`) => ({ id, type: 'function', function: { name: 'look', arguments: '{}' } })
const result = (index: number, id = `call_${index}`) => ({ role: 'tool', tool_call_id: id, content: `result ${index}` })
const user = (content: string) => ({ role: 'user', content })

await t.test('20,000 calls and results in one turn', async (t) => {
  const calls = times(20_000, (index) => call(index))
  // the results come in the opposite order
  const results = times(20_000, (index) => result(19_999 - index))
  const body = { model: 'sonnet', messages: [user('look'), { role: 'assistant', content: null, tool_calls: calls }, ...results] }
  const { run } = within(t, 'results', () => parse(body))
  const last = run.turns.at(-1)!
  t.same(last.content.slice(0, 2), [
    { type: 'tool_result', toolCallId: 'call_0', content: [{ type: 'text', text: 'result 0' }] },
    { type: 'tool_result', toolCallId: 'call_1', content: [{ type: 'text', text: 'result 1' }] },
  ])
  t.equal(last.content.length, 20_000)
})

await t.test('ids that have to be changed', async (t) => {
  const turn = (index: number) => [
    { role: 'assistant', content: null, tool_calls: [call(0, 'call:0'), call(1, 'call.0')] },
    result(0, 'call:0'),
    result(1, 'call.0'),
    user(`${index}`),
  ]
  const { run } = within(t, 'ids', () => parse({ model: 'sonnet', messages: [user('x'), ...times(5000, turn).flat()] }))
  const ids = run.turns.flatMap(({ content }) => content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : [])))
  t.equal(new Set(ids).size, 10_000, 'no two are the same')
})

await t.test('many messages, parts and system texts', async (t) => {
  within(t, 'messages', () =>
    parse({ model: 'sonnet', messages: times(20_001, (index) => (index % 2 ? { role: 'assistant', content: 'a' } : user('u'))) }),
  )
  within(t, 'one after the other', () => parse({ model: 'sonnet', messages: times(50_000, () => user('u')) }))
  within(t, 'parts', () =>
    parse({
      model: 'sonnet',
      messages: [{ role: 'user', content: times(100_000, (index) => ({ type: 'text', text: index % 2 ? ' ' : 'x' })) }],
    }),
  )
  within(t, 'system', () => parse({ model: 'sonnet', messages: [...times(50_000, () => ({ role: 'system', content: 's' })), user('u')] }))
})

await t.test('a choice among many names', async (t) => {
  const tools = times(128, (index) => ({ type: 'function', function: { name: `t${index}` } }))
  const allowed = times(100_000, (index) => ({ type: 'function', function: { name: `t${index % 100}` } }))
  const { run } = within(t, 'allowed tools', () =>
    parseWith({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: allowed } } }),
  )
  t.equal(run.tools?.length, 100)
})

await t.test('what is wrong many times is told once', async (t) => {
  const wrong: [name: string, members: object, param: string][] = [
    ['messages', { messages: times(300_000, () => ({})) }, 'messages[0].role'],
    ['later messages', { messages: [user('x'), ...times(300_000, () => 1)] }, 'messages[1]'],
    ['parts', { messages: [{ role: 'user', content: times(300_000, () => ({})) }] }, 'messages[0].content[0].type'],
    ['names of metadata', { metadata: Object.fromEntries(times(50_000, (index) => [`k${index}`, 1])) }, 'metadata.k0'],
    ['pairs of metadata', { metadata: Object.fromEntries(times(200_000, (index) => [`k${index}`, 'v'])) }, 'metadata'],
    [
      'allowed tools',
      { tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: times(300_000, () => ({})) } } },
      'tool_choice.allowed_tools.tools[0].type',
    ],
    ['tool calls', { messages: [{ role: 'assistant', tool_calls: times(200_000, () => ({})) }] }, 'messages[0].tool_calls[0].function'],
  ]
  for (const [name, members, param] of wrong) {
    const failure = within(t, name, () => refusal(() => parseWith(members)))
    t.equal(failure.param, param, name)
    t.ok(failure.message.length < 500)
  }
  t.match(refusal(() => parseWith({ metadata: Object.fromEntries(times(200, (index) => [`k${index}`, 'v'])) })).message, /at most 16 pairs/)
})
