/** Functions of the client, end to end: the real CLI offers them, the stand-in calls them, the client answers. */
import t, { type Test } from 'tap'
import { markedProcesses } from '../claude/harness.js'
import { forcible, onlyParked, startBridge, until } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { type RecordedRequest, message, offered, text, toolResults, toolUse } from '../standin/index.js'
import { openWorkspaceRoot } from '../../workspace/workspace.js'

const bridge = await startBridge(t, { warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge

const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const weather = { type: 'function', function: { name: 'get_weather', description: 'Weather of a city', parameters: city } }
const time = { type: 'function', function: { name: 'get_time', parameters: city } }

interface Call {
  id: string
  type: string
  function: { name: string; arguments: string }
}
interface Body {
  choices: {
    index: number
    message: { role: 'assistant'; content: string | null; tool_calls?: Call[]; function_call?: Call['function'] }
    finish_reason: string
  }[]
  usage: Record<string, number>
  bridge: { ignored: string[]; cost_usd: number | null }
  error?: { message: string; code: string; param: string }
}

async function chat(body: Record<string, unknown>, status = 200): Promise<Body> {
  const response = await bridge.post('/v1/chat/completions', { model: 'sonnet', ...body })
  const answer = (await response.json()) as Body
  if (response.status !== status) throw new Error(`${response.status}: ${JSON.stringify(answer)}`)
  return answer
}

/** A streamed answer, put together as clients do. */
async function streamed(
  body: Record<string, unknown>,
): Promise<{ message: Body['choices'][0]['message']; finish: string | null; usage: unknown; pieces: number }> {
  const response = await bridge.post('/v1/chat/completions', {
    ...{ model: 'sonnet', stream: true, stream_options: { include_usage: true } },
    ...body,
  })
  const message: Body['choices'][0]['message'] = { role: 'assistant', content: null }
  let finish: string | null = null
  let usage: unknown
  let pieces = 0
  for (const { data } of await framesOf(response)) {
    if (data === undefined || data === '[DONE]') continue
    const chunk = JSON.parse(data) as {
      usage?: unknown
      choices: { delta: { content?: string; tool_calls?: (Partial<Call> & { index: number })[] }; finish_reason: string | null }[]
    }
    usage = chunk.usage ?? usage
    for (const choice of chunk.choices) {
      finish = choice.finish_reason ?? finish
      if (choice.delta.content) message.content = (message.content ?? '') + choice.delta.content
      for (const { index, id, type, function: called } of choice.delta.tool_calls ?? []) {
        pieces += 1
        message.tool_calls ??= []
        const call = (message.tool_calls[index] ??= { id: id!, type: type!, function: { name: called!.name, arguments: '' } })
        call.function.arguments += called!.arguments
      }
    }
  }
  return { message, finish, usage, pieces }
}

const user = (content: string) => ({ role: 'user', content })
const result = (id: string, content: string) => ({ role: 'tool', tool_call_id: id, content })
const callsOf = (marker: string): RecordedRequest[] => standin.calls.filter((call) => JSON.stringify(call.body.messages).includes(marker))
/** The conversation as the model got it, without what differs from call to call. */
const told = (call: RecordedRequest): unknown =>
  (
    JSON.parse(JSON.stringify(call.body.messages, (key, value: unknown) => (key === 'cache_control' ? undefined : value))) as {
      role: string
      content: unknown
    }[]
  ).filter(({ role }) => role !== 'system')

/** Two calls, their results, an answer: from a process of its own, or with everything replayed. */
async function loop(t: Test, marker: string, between: () => Promise<unknown> = async () => {}): Promise<RecordedRequest> {
  standin.when(
    marker,
    message([
      text('Let me look.'),
      toolUse(offered('get_weather'), { city: 'Rome' }, `toolu_${marker}_a`),
      toolUse(offered('get_time'), { city: 'Oslo' }, `toolu_${marker}_b`),
    ]),
    message('Sunny in Rome, noon in Oslo.'),
  )
  const ask = { tools: [weather, time], messages: [{ role: 'system', content: 'Be brief.' }, user(marker)] }
  const first = await chat(ask)
  t.match(first.choices, [
    {
      index: 0,
      finish_reason: 'tool_calls',
      message: {
        role: 'assistant',
        content: 'Let me look.',
        tool_calls: [
          { id: `toolu_${marker}_a`, type: 'function', function: { name: 'get_weather', arguments: '{"city":"Rome"}' } },
          { id: `toolu_${marker}_b`, type: 'function', function: { name: 'get_time', arguments: '{"city":"Oslo"}' } },
        ],
      },
    },
  ])
  t.equal(callsOf(marker).length, 1, 'the model was asked once')
  await between()
  const calls = first.choices[0]!.message.tool_calls!
  const messages = [...ask.messages, first.choices[0]!.message, result(calls[1]!.id, '12:00'), result(calls[0]!.id, 'sunny')]
  const second = await chat({ ...ask, messages })
  t.match(second.choices, [{ finish_reason: 'stop', message: { content: 'Sunny in Rome, noon in Oslo.' } }])
  t.equal(callsOf(marker).length, 2, 'and once more')
  const asked = callsOf(marker)[1]!
  t.strictSame(
    toolResults(asked),
    [
      { id: `toolu_${marker}_a`, text: 'sunny', isError: false },
      { id: `toolu_${marker}_b`, text: '12:00', isError: false },
    ],
    'results in the order of the calls, whatever order they came in',
  )
  return asked
}

await t.test('a loop goes on in its own process; the same loop is replayed when that is gone', async (t) => {
  const live = await loop(t, 'F-live')
  t.match(live.body.tools, [
    { name: 'mcp__client__get_time', input_schema: city },
    { name: 'mcp__client__get_weather', description: 'Weather of a city', input_schema: city },
  ])
  const parked = bridge.app.pool.stats.parked
  const replayed = await loop(t, 'F-gone', async () => {
    // everybody who waits dies; the next request starts anew
    const root = openWorkspaceRoot(bridge.app.config.dataDir)
    for (const pid of markedProcesses(root)) process.kill(pid, 'SIGKILL')
    await until(() => bridge.app.pool.stats.parked === 0)
  })
  t.ok(parked > 0)
  const session = (call: RecordedRequest) => call.headers['x-claude-code-session-id']
  t.equal(session(callsOf('F-live')[0]!), session(callsOf('F-live')[1]!), 'live: one process')
  t.not(session(callsOf('F-gone')[0]!), session(callsOf('F-gone')[1]!), 'replayed: another')
  t.strictSame(JSON.parse(JSON.stringify(told(replayed)).replaceAll('F-gone', 'F-live')), told(live), 'the model is told the same')
  t.strictSame(replayed.body.tools, live.body.tools)
})

await t.test('block and stream give the same', async (t) => {
  const answer = () => message([text('Hm.'), toolUse(offered('get_weather'), { city: 'Ålesund 🌧' }, 'toolu_same')])
  standin.when('F-same', answer(), answer())
  const ask = { tools: [weather], messages: [user('F-same')] }
  const blocked = await chat(ask)
  const { message: said, finish, usage, pieces } = await streamed(ask)
  t.strictSame({ ...said, refusal: null }, blocked.choices[0]!.message)
  t.equal(finish, 'tool_calls')
  t.strictSame(usage, blocked.usage)
  t.ok(pieces > 1, 'arguments come in pieces')
})

await t.test('rounds: the process lives through all of them', async (t) => {
  const rounds = [1, 2, 3].map((round) => message(toolUse(offered('get_weather'), { city: `c${round}` }, `toolu_r${round}`)))
  standin.when('F-rounds', ...rounds, message('done'), message('and more'))
  const messages: unknown[] = [user('F-rounds')]
  for (const round of [1, 2, 3]) {
    const { message: said, finish } = await streamed({ tools: [weather], messages })
    t.equal(finish, 'tool_calls')
    t.equal(said.tool_calls?.[0]?.function.arguments, `{"city":"c${round}"}`)
    messages.push(said, result(said.tool_calls![0]!.id, `error: no data for c${round}`))
  }
  const last = await chat({ tools: [weather], messages })
  t.equal(last.choices[0]!.message.content, 'done')
  t.equal(new Set(callsOf('F-rounds').map((call) => call.headers['x-claude-code-session-id'])).size, 1, 'one process')
  // and on with words
  messages.push(last.choices[0]!.message, user('go on'))
  t.equal((await chat({ tools: [weather], messages })).choices[0]!.message.content, 'and more')
  t.equal(new Set(callsOf('F-rounds').map((call) => call.headers['x-claude-code-session-id'])).size, 1, 'still')
})

await t.test('words beside the results: replayed, and nothing lost', async (t) => {
  standin.when('F-words', message(toolUse(offered('get_weather'), { city: 'Bonn' }, 'toolu_w')), message('ok'))
  const ask = [user('F-words')]
  const first = await chat({ tools: [weather], messages: ask })
  const messages = [...ask, first.choices[0]!.message, result('toolu_w', 'rain'), user('and hurry')]
  t.equal((await chat({ tools: [weather], messages })).choices[0]!.message.content, 'ok')
  t.match(told(callsOf('F-words')[1]!), [
    {},
    { content: [{ type: 'tool_use', id: 'toolu_w', name: 'mcp__client__get_weather', input: { city: 'Bonn' } }] },
    {
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_w' },
        { type: 'text', text: 'and hurry' },
      ],
    },
  ])
})

await t.test('tool_choice and parallel_tool_calls reach the API', async (t) => {
  const named = { type: 'function', function: { name: 'get_time' } }
  const cases: [Record<string, unknown>, unknown, unknown][] = [
    [{}, undefined, /adaptive/],
    [{ tool_choice: 'auto' }, undefined, /adaptive/],
    [{ tool_choice: 'none' }, { type: 'none' }, /adaptive/],
    [{ tool_choice: 'required' }, { type: 'any' }, 'disabled'],
    [{ tool_choice: named }, { type: 'tool', name: 'mcp__client__get_time' }, 'disabled'],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }, /adaptive/],
    [{ tool_choice: 'required', parallel_tool_calls: false }, { type: 'any', disable_parallel_tool_use: true }, 'disabled'],
  ]
  // one conversation, so that a process serves them all
  standin.when('F-choice-', message('fine'))
  const messages: unknown[] = []
  for (const [index, [fields, choice, thinking]] of cases.entries()) {
    messages.push(user(`F-choice-${index}`))
    await chat({ model: forcible, tools: [weather, time], messages, ...fields })
    messages.push({ role: 'assistant', content: 'fine' })
    const [call] = callsOf(`F-choice-${index}`)
    t.strictSame(call!.body.tool_choice, choice, JSON.stringify(fields))
    t.match(call!.body['thinking'], { type: thinking }, 'a forced call goes without thinking')
  }
})

await t.test('a choice counts for its own request only', async (t) => {
  standin.when('F-once', message(toolUse(offered('get_weather'), { city: 'Bern' }, 'toolu_once')), message('so'))
  const ask = { model: forcible, tools: [weather], messages: [user('F-once')] }
  const first = await chat({ ...ask, tool_choice: 'required' })
  await chat({ ...ask, messages: [...ask.messages, first.choices[0]!.message, result('toolu_once', 'fog')] })
  const [one, two] = callsOf('F-once')
  t.strictSame([one!.body.tool_choice, two!.body.tool_choice], [{ type: 'any' }, undefined])
  // a forced call goes without thinking, and so does what the model says to its result: the same process goes on
  t.equal(one!.headers['x-claude-code-session-id'], two!.headers['x-claude-code-session-id'])
  // the API refuses a body that has no thinking and speaks of clearing it
  t.match(one!.body['thinking'], { type: 'disabled' })
  t.equal(one!.body['context_management'], undefined)
})

await t.test('names the CLI cannot take, schemas as they are, 128 of them', async (t) => {
  const long = `files.search/${'x'.repeat(100)}`
  const parameters = {
    type: 'object',
    properties: { at: { type: 'string', format: 'date-time' }, of: { oneOf: [{ $ref: '#/$defs/a' }, { type: 'null' }] }, any: true },
    $defs: { a: { type: 'integer', minimum: 3 } },
  }
  const many = Array.from({ length: 125 }, (_, index) => ({ type: 'function', function: { name: `f${index}` } }))
  const tools = [...['a.b', 'a_b', long].map((name) => ({ type: 'function', function: { name, parameters } })), ...many]
  standin.when(
    'F-names',
    (request: RecordedRequest) => {
      const names = (request.body.tools as { name: string }[]).map((tool) => tool.name)
      t.equal(names.length, 128)
      t.ok(
        names.every((name) => /^[a-zA-Z0-9_-]{1,64}$/.test(name)),
        'every name is one the API takes',
      )
      const found = (pattern: RegExp) => names.find((name) => pattern.test(name))!
      return message([
        toolUse(found(/client__a_b_[0-9a-f]{8}$/), { n: 1 }, 'toolu_1'),
        toolUse('mcp__client__a_b', { n: 2 }, 'toolu_2'),
        toolUse(found(/files_search/), { n: 3 }, 'toolu_3'),
      ])
    },
    message('ok'),
  )
  const ask = { tools, messages: [user('F-names')] }
  const first = await chat(ask)
  const calls = first.choices[0]!.message.tool_calls!
  t.strictSame(
    calls.map((call) => call.function.name),
    ['a.b', 'a_b', long],
  )
  const offeredTool = (callsOf('F-names')[0]!.body.tools as { name: string; input_schema: unknown }[]).find(
    ({ name }) => name === 'mcp__client__a_b',
  )
  t.strictSame(offeredTool?.input_schema, { ...parameters, properties: { ...parameters.properties, any: {} } })
  const last = await chat({ ...ask, messages: [...ask.messages, first.choices[0]!.message, ...calls.map((call) => result(call.id, 'r'))] })
  t.equal(last.choices[0]!.message.content, 'ok')
})

await t.test('calls that are none: a name nobody has, arguments that are no JSON', async (t) => {
  standin.when('F-unknown', message(toolUse('mcp__client__nonsense', {}, 'toolu_u')), message('without it, then'))
  const unknown = await chat({ tools: [weather], messages: [user('F-unknown')] })
  t.match(unknown.choices[0], { finish_reason: 'stop', message: { content: 'without it, then', tool_calls: undefined } })

  standin.when('F-broken', message(toolUse(offered('get_weather'), ['{"city": "Ro'], 'toolu_x')), message('never asked'))
  const broken = await chat({ tools: [weather], messages: [user('F-broken')] })
  t.match(broken.choices[0], { finish_reason: 'tool_calls', message: { tool_calls: [{ function: { arguments: '{"city": "Ro' } }] } })
  await bridge.idle()
  t.ok(callsOf('F-broken').length <= 2, 'the CLI may have begun to ask again, and was ended')
})

await t.test('no arguments are {}', async (t) => {
  standin.when('F-none', message(toolUse(offered('get_time'), [''], 'toolu_n')), message('ok'))
  const ask = { tools: [{ type: 'function', function: { name: 'get_time' } }], messages: [user('F-none')] }
  const first = await chat(ask)
  t.equal(first.choices[0]!.message.tool_calls![0]!.function.arguments, '{}')
  t.equal((await streamed(ask)).finish, 'stop', 'the second reply')
})

await t.test('a history with calls and no tools', async (t) => {
  standin.when('F-history', message('fine'))
  const call = { id: 'call_1', type: 'function', function: { name: 'old.name', arguments: '{"a":1}' } }
  await chat({
    messages: [user('F-history'), { role: 'assistant', content: null, tool_calls: [call] }, result('call_1', '7'), user('well?')],
  })
  const [asked] = callsOf('F-history')
  t.match(asked!.body.tool_choice, { type: 'none' })
  t.match(asked!.body.tools, [{ name: /^mcp__client__old_name_[0-9a-f]{8}$/ }], 'the API takes such a history only beside tools')
})

await t.test("functions and function_call, OpenAI's former names", async (t) => {
  standin.when('F-former', message(toolUse(offered('get_weather'), { city: 'Linz' }, 'toolu_f')), message('cold'))
  const ask = { model: forcible, functions: [weather.function], messages: [user('F-former')] }
  const first = await chat({ ...ask, function_call: { name: 'get_weather' } })
  t.match(first.choices[0], {
    finish_reason: 'function_call',
    message: { content: null, function_call: { name: 'get_weather', arguments: '{"city":"Linz"}' }, tool_calls: undefined },
  })
  t.match(callsOf('F-former')[0]!.body.tool_choice, { type: 'tool', name: 'mcp__client__get_weather', disable_parallel_tool_use: true })
  const messages = [...ask.messages, first.choices[0]!.message, { role: 'function', name: 'get_weather', content: 'minus 3' }]
  t.equal((await chat({ ...ask, messages })).choices[0]!.message.content, 'cold')
  t.match(toolResults(callsOf('F-former')[1]!), [{ text: 'minus 3' }])
})

await t.test('refused at once, with the member at fault', async (t) => {
  const of = (members: Record<string, unknown>) => ({ type: 'function', function: { name: 'f', ...members } })
  const cases: [Record<string, unknown>, string, string][] = [
    [{ tools: [of({ name: 'a b' })] }, 'invalid_value', 'tools[0].function.name'],
    [{ tools: [of({}), of({})] }, 'invalid_value', 'tools[1].function.name'],
    [{ tools: [of({ parameters: { type: 'string' } })] }, 'invalid_function_parameters', 'tools[0].function.parameters'],
    [
      { tools: [of({ parameters: { type: 'object', properties: { a: { type: 'nonsense' } } } })] },
      'invalid_function_parameters',
      'tools[0].function.parameters',
    ],
    [
      { tools: [of({ parameters: { type: 'object', properties: { a: { $ref: 'http://127.0.0.1/x' } } } })] },
      'invalid_function_parameters',
      'tools[0].function.parameters',
    ],
    [{ tools: Array.from({ length: 129 }, (_, index) => of({ name: `f${index}` })) }, 'invalid_value', 'tools'],
    [{ tools: [of({})], tool_choice: { type: 'function', function: { name: 'g' } } }, 'invalid_value', 'tool_choice.function.name'],
    [{ tool_choice: 'required' }, 'invalid_value', 'tool_choice'],
    [{ tools: [of({})], functions: [{ name: 'g' }] }, 'invalid_value', 'functions'],
    [{ functions: [{ name: 'g' }], function_call: { name: 'h' } }, 'invalid_value', 'function_call.name'],
  ]
  const before = standin.calls.length
  for (const [members, code, param] of cases) {
    const { error } = await chat({ messages: [user('F-refused')], ...members }, 400)
    t.match(error, { code, param }, `${param}: ${error?.message}`)
  }
  t.equal(standin.calls.length, before, 'and nothing was asked')
})
