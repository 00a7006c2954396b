/** An option that a model refuses by name is taken out: the run is made once more, what is not done is named, and is remembered. */
import t from 'tap'
import { ask, startBridge } from '../helper.js'
import { type RecordedRequest, contains, httpError, message, toolUse } from '../standin/index.js'

const bridge = await startBridge(t, { env: { SAMPLING: 'pass' } })
const chat = '/v1/chat/completions'
const tools = [{ type: 'function', function: { name: 'f' } }]
const callsOf = (marker: string) => bridge.standin.calls.filter((call) => contains(call, marker))

interface Body {
  output_config?: { effort?: string }
  tool_choice?: { type: string }
  temperature?: number
  top_p?: number
}

const cases: { name: string; more: object; refusal: string; isRefused: (body: Body) => boolean }[] = [
  {
    name: 'reasoning_effort',
    more: { reasoning_effort: 'max' },
    refusal: 'This model does not support effort level max',
    isRefused: ({ output_config }) => output_config?.effort === 'max',
  },
  {
    name: 'tool_choice',
    more: { tools, tool_choice: 'required' },
    refusal: 'tool_choice forces tool use is not compatible with this model',
    isRefused: ({ tool_choice }) => tool_choice?.type === 'any',
  },
  {
    name: 'parallel_tool_calls',
    more: { tools, parallel_tool_calls: false },
    refusal: 'tool_choice.disable_parallel_tool_use: unknown field',
    isRefused: ({ tool_choice }) => tool_choice !== undefined,
  },
  {
    name: 'temperature',
    more: { temperature: 0.3, max_tokens: 500 },
    refusal: '`temperature` is deprecated for this model.',
    isRefused: ({ temperature }) => temperature === 0.3,
  },
  {
    name: 'top_p',
    more: { temperature: 0.3, top_p: 0.5, max_tokens: 500 },
    refusal: '`temperature` and `top_p` cannot both be specified for this model. Please use only one.',
    isRefused: ({ temperature, top_p: topP }) => temperature !== undefined && topP !== undefined,
  },
]

for (const [index, { name, more, refusal, isRefused }] of cases.entries()) {
  await t.test(`${name}: ${refusal}`, async (t) => {
    const model = `claude-next-${index}`
    const marker = `F-${index}-`
    bridge.standin.when(marker, ({ body }: RecordedRequest) =>
      isRefused(body as Body) ? httpError(400, { message: refusal }) : message('as far as it goes'),
    )
    const first = await bridge.post(chat, ask(`${marker}first`, { model, ...more }))
    t.equal(first.status, 200)
    t.equal(first.headers.get('x-bridge-ignored'), name)
    const { bridge: told } = (await first.json()) as { bridge: { ignored: string[]; task_id: string } }
    t.strictSame(told.ignored, [name])
    t.match(await (await bridge.get(`/tasks/${told.task_id}`)).json(), { bridge: { ignored: [name] } })
    // known from now on, for that model
    const stream = await bridge.post(chat, ask(`${marker}second`, { model, stream: true, ...more }))
    t.equal(stream.status, 200)
    t.equal(stream.headers.get('x-bridge-ignored'), name)
    t.match(await stream.text(), /"finish_reason":"stop"/)
    t.equal(callsOf(`${marker}second`).length, 1)
  })
}

await t.test('what was refused of two together is taken alone', async (t) => {
  for (const [index, more] of [{ temperature: 0.3 }, { top_p: 0.5 }].entries()) {
    const marker = `F-alone-${index}`
    bridge.standin.when(marker, message('fine'))
    const response = await bridge.post(chat, ask(marker, { model: `claude-next-${cases.length - 1}`, max_tokens: 500, ...more }))
    t.equal(response.status, 200)
    t.notOk(response.headers.has('x-bridge-ignored'))
    t.match(callsOf(marker)[0]!.body, more)
  }
})

await t.test('a stream is refused before its head is sent', async (t) => {
  bridge.standin.when('F-stream', ({ body }: RecordedRequest) =>
    (body as Body).tool_choice === undefined ? message(toolUse('mcp__client__f', {})) : httpError(400, { message: 'tool_choice: no' }),
  )
  const choice = { type: 'function', function: { name: 'f' } }
  const both = [...tools, { type: 'function', function: { name: 'g' } }]
  const stream = await bridge.post(chat, ask('F-stream', { model: 'claude-next-stream', stream: true, tools: both, tool_choice: choice }))
  t.equal(stream.headers.get('x-bridge-ignored'), 'tool_choice')
  t.match(await stream.text(), /"name":"f"/)
  t.strictSame(
    callsOf('F-stream')
      .at(-1)!
      .body.tools!.map(({ name }) => name),
    ['mcp__client__f'],
    'the one that was to be called is the only one there is',
  )
})

await t.test('other refusals are told as they are, and an option is taken out once', async (t) => {
  const asked = async (marker: string, words: string, more: object) => {
    bridge.standin.when(marker, httpError(400, { message: words }))
    const response = await bridge.post(chat, ask(marker, { model: 'claude-next-other', ...more }))
    t.equal(response.status, 400)
    t.match(await response.json(), { error: { code: 'upstream_invalid_request' } })
    // the CLI itself asks several times; each run is a process
    return new Set(callsOf(marker).map(({ headers }) => headers['x-claude-code-session-id'])).size
  }
  t.equal(await asked('F-plain', 'messages: something else', { reasoning_effort: 'high', tools, tool_choice: 'required' }), 1)
  t.equal(await asked('F-absent', 'effort is wrong', {}), 1, 'the request has no effort')
  t.equal(await asked('F-always', 'effort is wrong', { reasoning_effort: 'high' }), 2)
  t.equal(await asked('F-again', 'effort is wrong', { reasoning_effort: 'high' }), 2, 'nothing was learnt')
})

await t.test('an alias that is another model by the environment', async (t) => {
  const other = await startBridge(t, { env: { ANTHROPIC_DEFAULT_SONNET_MODEL: 'claude-sonnet-4-6' } })
  other.standin.when('F-alias', message(toolUse('mcp__client__f', {})))
  const response = await other.post(chat, ask('F-alias', { tools, tool_choice: 'required' }))
  t.equal(response.status, 200)
  t.equal(response.headers.get('x-bridge-ignored'), null)
  const [call] = other.standin.calls
  t.match(call!.body, { model: 'claude-sonnet-4-6', tool_choice: { type: 'any' }, thinking: { type: 'disabled' } })
})
