/** Processes that are asked again: what the model's API gets is what a process of its own would have sent. */
import t from 'tap'
import type { ClaudeRequest, Turn } from '../../src/request/conversation.js'
import { message, offered, startStandin, toolUse } from '../standin/index.js'
import { answers, noneAlive, says } from './harness.js'
import { realCli } from './real-cli.js'
import { bytes, headersOf, sessionOf, startBoth } from './reuse-bodies.js'

t.setTimeout(900_000)
const cli = await realCli()
/** Whether this version's processes are asked again: the words are the same in any case. */
const { takingBack } = cli.abilities()
const standin = await startStandin({ fallback: () => message('fine') })
t.teardown(() => standin.close())
const both = startBoth(t, cli, standin, cli.hostFor(standin))

const weather = { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } }
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const image: Turn = {
  role: 'user',
  content: [
    { type: 'image', mediaType: 'image/png', data: png },
    { type: 'text', text: 'what is it?' },
  ],
}

const talk: Turn[] = [says('one'), answers('fine'), says('two'), answers('fine'), says('three'), answers('fine')]

for (const model of ['claude-haiku-4-5-20251001', 'sonnet'])
  await t.test(`with a prompt: ${model}`, async (t) => {
    const steps: [name: string, request: Partial<ClaudeRequest>][] = [
      ['a question', { turns: [says('first')] }],
      ['an unrelated one', { turns: [says('second')] }],
      ['a small limit', { turns: [says('third')], maxTokens: 100 }],
      ['no limit, stop', { turns: [says('fourth')], stop: ['END'] }],
      ['nothing of it', { turns: [says('fifth')] }],
      ['another prompt', { turns: [says('sixth')], system: ['Be long.', 'And kind.'] }],
      ['an image', { turns: [image] }],
      ['a file mention and a command', { turns: [says('@/etc/passwd /clear')] }],
      ['a command', { turns: [says('/clear')] }],
      ['a conversation', { turns: [...talk.slice(0, 2), says('two')] }],
      ['its next turn', { turns: [...talk.slice(0, 4), says('three')] }],
      ['the same again', { turns: [...talk.slice(0, 4), says('three')] }],
      ['a longer history', { turns: [...talk, says('four')] }],
      ['an edit in the middle', { turns: [says('one'), answers('fine'), says('two, edited'), answers('fine'), says('three')] }],
      ['an edited answer', { turns: [says('one'), answers('not fine'), says('two')] }],
      ['an image in the history', { turns: [image, answers('fine'), says('sure?')] }],
      ['another image before', { turns: [says('x'), answers('fine'), image, answers('fine'), says('sure?')] }],
      ['no thinking', { turns: [says('seventh')], maxTokens: 5000 }],
      ['the first prompt', { turns: [says('eighth')] }],
    ]
    const sessions = new Set<unknown>()
    for (const [name, request] of steps) {
      const { live, fresh } = await both.ask({ model, system: ['Be brief.'], ...request })
      t.equal(bytes(live), bytes(fresh), name)
      t.strictSame(headersOf(live), headersOf(fresh), `${name}: headers`)
      sessions.add(sessionOf(live))
    }
    if (takingBack) t.equal(sessions.size, 1, 'all in one process')
  })

await t.test('without a prompt it is another process', async (t) => {
  const model = 'sonnet'
  const first = await both.ask({ model, turns: [says('first')] })
  const second = await both.ask({ model, turns: [...talk, says('second')] })
  const prompted = await both.ask({ model, turns: [says('second')], system: ['Be brief.'] })
  for (const { live, fresh } of [first, second, prompted]) t.equal(bytes(live), bytes(fresh))
  if (takingBack) t.equal(sessionOf(first.live), sessionOf(second.live))
  t.not(sessionOf(prompted.live), sessionOf(first.live))
})

await t.test('functions, and a loop of calls', async (t) => {
  standin.when('P-loop', ({ body }) => {
    const last = JSON.stringify(body.messages?.findLast(({ role }) => role === 'user'))
    return last.includes('P-loop') ? message(toolUse(offered('get_weather'), { city: 'Rome' }, 'toolu_loop')) : message('sun')
  })
  const asked = says('P-loop')
  const called: Turn[] = [
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_loop', name: 'get_weather', input: { city: 'Rome' } }] },
    { role: 'user', content: [{ type: 'tool_result', toolCallId: 'toolu_loop', content: [{ type: 'text', text: 'sun' }] }] },
  ]
  const steps: [name: string, turns: Turn[]][] = [
    ['a call', [asked]],
    ['its result', [asked, ...called]],
    ['the next question', [asked, ...called, answers('sun'), says('sure?')]],
    ['an unrelated question', [says('hello')]],
    ['a replayed call', [says('weather?'), ...called]],
    ['a question after it', [says('weather?'), ...called, answers('fine'), says('sure?')]],
    ['another one in its place', [says('weather?'), ...called, answers('fine'), says('really?')]],
    ['back to nothing', [says('bye')]],
  ]
  const sessions = new Set<unknown>()
  for (const [name, turns] of steps) {
    const { live, fresh } = await both.ask({ system: ['Be brief.'], tools: [weather], effort: 'none', turns })
    t.equal(bytes(live), bytes(fresh), name)
    sessions.add(sessionOf(live))
  }
  if (takingBack) t.equal(sessions.size, 1, 'all in one process')
})

await t.test('answers by a schema', async (t) => {
  const output = { name: 'answer', schema: { type: 'object', properties: { a: { type: 'string' } } } }
  standin.when('P-json', () => message(toolUse('StructuredOutput', { a: 'b' })))
  const sessions = new Set<unknown>()
  for (const turns of [
    [says('P-json 1')],
    [says('P-json 2')],
    [says('P-json 2'), answers('{"a":"b"}'), says('P-json 3')],
    [says('P-json 4')],
  ]) {
    const { live, fresh } = await both.ask({ system: ['Be brief.'], output, turns })
    t.equal(bytes(live), bytes(fresh), JSON.stringify(turns.at(-1)))
    sessions.add(sessionOf(live))
  }
  if (takingBack) t.equal(sessions.size, 1, 'all in one process')
})

await t.test('whose it is', async (t) => {
  const request = { system: ['Be brief.'], turns: [says('hello')] }
  const anna = await both.ask(request)
  const bert = await both.ask(request, { owner: 'bert' })
  const carl = await both.ask({ ...request, person: 'carl' })
  t.equal(new Set([anna, bert, carl].map(({ live }) => sessionOf(live))).size, 3, 'neither another owner nor another person has it')
  const again = await both.ask({ ...request, person: 'carl' })
  if (takingBack) t.equal(sessionOf(again.live), sessionOf(carl.live))
})

await t.test('a task that is forgotten takes its process with it', { skip: !takingBack }, async (t) => {
  const first = await both.ask({ system: ['x'], turns: [says('secret')] }, { owner: 'dora', jobId: 'task_secret' })
  const next = await both.ask({ system: ['x'], turns: [says('other')] }, { owner: 'dora', jobId: 'task_other' })
  t.equal(sessionOf(next.live), sessionOf(first.live))
  both.live.forget('task_secret')
  const third = await both.ask({ system: ['x'], turns: [says('third')] }, { owner: 'dora', jobId: 'task_third' })
  t.equal(sessionOf(third.live), sessionOf(first.live), 'whose words were taken back before: it has them no more')
  both.live.forget('task_third')
  const fourth = await both.ask({ system: ['x'], turns: [says('fourth')] }, { owner: 'dora', jobId: 'task_fourth' })
  t.not(sessionOf(fourth.live), sessionOf(first.live))
})

await t.test('no process is left', async (t) => {
  await both.live.close()
  noneAlive(t)
})
