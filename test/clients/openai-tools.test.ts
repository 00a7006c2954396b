/** The official client's helpers for functions: `runTools`, the stream helper, choices and several answers at once. */
import type OpenAI from 'openai'
import t from 'tap'
import { forcible, onlyParked, startBridge } from '../helper.js'
import { type RecordedRequest, message, offered, text, toolResults, toolUse } from '../standin/index.js'
import { clientOf, collect, errorOf, question, streamed } from './openai.js'
import { callsOf, processesOf, toolsOf } from './tools.js'

const bridge = await startBridge(t, { warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge
const { completions } = clientOf(bridge).chat

const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
  additionalProperties: false,
}
const weather = { type: 'function' as const, function: { name: 'get_weather', description: 'Weather of a city', parameters } }
const time = { type: 'function' as const, function: { name: 'get_time', description: 'Time in a city', parameters } }

/** A tool as `runTools` takes it; every call is noted. */
function runnable(tool: typeof weather, run: (city: string) => unknown, seen: string[] = []) {
  return {
    type: 'function' as const,
    function: {
      ...tool.function,
      parse: (input: string) => JSON.parse(input) as { city: string },
      function: ({ city }: { city: string }) => {
        seen.push(`${tool.function.name} ${city}`)
        return run(city)
      },
    },
  }
}

const calls = (marker: string) => callsOf(bridge, marker)
const call = (name: string, city: string, id: string) => toolUse(offered(name), { city }, id)

/** Two calls at once, one more, then the answer. */
function rounds(marker: string): void {
  standin.when(
    marker,
    message([text('Let me look.'), call('get_weather', 'Rome', `toolu_${marker}_1`), call('get_time', 'Oslo', `toolu_${marker}_2`)]),
    message(call('get_weather', 'Bern', `toolu_${marker}_3`)),
    message('Sun, noon, fog.'),
  )
}

const weatherOf = (city: string) => ({ Rome: { sky: 'sun' }, Bern: { sky: 'fog' } })[city]

await t.test('runTools: rounds, two calls at once, one process', async (t) => {
  for (const stream of [false, true]) {
    const marker = `T-run-${stream}`
    rounds(marker)
    const seen: string[] = []
    const tools = [runnable(weather, weatherOf, seen), runnable(time, () => 'noon', seen)]
    const ask = { model: 'sonnet', messages: [{ role: 'user' as const, content: marker }], tools }
    const runner = stream ? completions.runTools({ ...ask, stream }) : completions.runTools(ask)
    t.equal(await runner.finalContent(), 'Sun, noon, fog.')
    t.strictSame(seen.sort(), ['get_time Oslo', 'get_weather Bern', 'get_weather Rome'])
    t.strictSame(
      runner.messages.map(({ role }) => role),
      ['user', 'assistant', 'tool', 'tool', 'assistant', 'tool', 'assistant'],
    )
    t.match(runner.messages[1], { content: 'Let me look.', tool_calls: [{ id: `toolu_${marker}_1` }, { id: `toolu_${marker}_2` }] })
    t.strictSame(
      runner.allChatCompletions().map(({ choices }) => choices[0]!.finish_reason),
      ['tool_calls', 'tool_calls', 'stop'],
    )

    const asked = calls(marker)
    t.equal(asked.length, 3, 'one model call a round')
    t.equal(processesOf(asked), 1, 'all in one process')
    t.strictSame(toolsOf(asked[0]!), { mcp__client__get_time: parameters, mcp__client__get_weather: parameters })
    t.strictSame(toolResults(asked[1]!), [
      { id: `toolu_${marker}_1`, text: '{"sky":"sun"}', isError: false },
      { id: `toolu_${marker}_2`, text: 'noon', isError: false },
    ])
    t.match(toolResults(asked[2]!), [{ id: `toolu_${marker}_3`, text: '{"sky":"fog"}' }])
  }
})

const holds = (request: RecordedRequest, word: string) => JSON.stringify(request.body.messages).includes(word)

await t.test('runTools: arguments that cannot be read go back to the model, a tool that throws ends it', async (t) => {
  standin.when('T-parse', (request) => {
    if (toolResults(request).some(({ id }) => id === 'toolu_p2')) return message('sun')
    if (holds(request, 'INVALID_JSON')) return message(call('get_weather', 'Rome', 'toolu_p2'))
    // the CLI's own next question, where it was quicker than its end
    if (holds(request, 'InputValidationError')) return message('nobody hears this')
    return message(toolUse(offered('get_weather'), ['{"city":'], 'toolu_p1'))
  })
  const ask = (marker: string) => ({ model: 'sonnet', messages: [{ role: 'user' as const, content: marker }] })
  const parsed = completions.runTools({ ...ask('T-parse'), tools: [runnable(weather, () => 'sun')] })
  t.equal(await parsed.finalContent(), 'sun')
  const told = calls('T-parse').find((asked) => holds(asked, 'INVALID_JSON'))!
  t.match(toolResults(told), [{ id: 'toolu_p1', text: /JSON/ }], 'the model reads why')
  t.ok(JSON.stringify(told.body.messages).includes(JSON.stringify({ INVALID_JSON: '{"city":' })), 'and what it had written')

  standin.when('T-throw', message(call('get_weather', 'Rome', 'toolu_t')), message('never asked'))
  const thrown = completions.runTools({
    ...ask('T-throw'),
    tools: [
      runnable(weather, () => {
        throw new Error('no sensor')
      }),
    ],
  })
  t.match(await errorOf(thrown.done()), { message: 'no sensor' })
  await bridge.idle()
  t.equal(calls('T-throw').length, 1)
})

await t.test('the stream helper tells calls as they are written', async (t) => {
  standin.when('T-helper', message([text('So: '), call('get_weather', 'Ålesund 🌧', 'toolu_h1'), call('get_time', 'Oslo', 'toolu_h2')]))
  const stream = completions.stream({ model: 'sonnet', messages: [{ role: 'user', content: 'T-helper' }], tools: [weather, time] })
  const deltas: string[][] = [[], []]
  const done: unknown[] = []
  stream.on('tool_calls.function.arguments.delta', (event) => deltas[event.index]!.push(event.arguments_delta))
  stream.on('tool_calls.function.arguments.done', (event) => done.push([event.index, event.name, event.arguments]))
  const said: string[] = []
  stream.on('content.delta', ({ delta }) => said.push(delta))
  const final = await stream.finalChatCompletion()
  t.equal(said.join(''), 'So: ')
  t.ok(deltas[0]!.length > 1, 'in pieces')
  t.strictSame(
    deltas.map((pieces) => pieces.join('')),
    ['{"city":"Ålesund 🌧"}', '{"city":"Oslo"}'],
  )
  t.strictSame(done, [
    [0, 'get_weather', '{"city":"Ålesund 🌧"}'],
    [1, 'get_time', '{"city":"Oslo"}'],
  ])
  t.match(final.choices, [
    {
      finish_reason: 'tool_calls',
      message: {
        content: 'So: ',
        tool_calls: [
          { id: 'toolu_h1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Ålesund 🌧"}' } },
          { id: 'toolu_h2', type: 'function', function: { name: 'get_time', arguments: '{"city":"Oslo"}' } },
        ],
      },
    },
  ])
  t.match(await stream.finalFunctionToolCall(), { name: 'get_time' })
})

await t.test('choices', async (t) => {
  const named = { type: 'function' as const, function: { name: 'get_time' } }
  const cases: [Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>, object][] = [
    [{ tool_choice: 'required' }, { type: 'any' }],
    [{ tool_choice: named }, { type: 'tool', name: 'mcp__client__get_time' }],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
  ]
  await Promise.all(
    cases.map(async ([fields, choice], index) => {
      const marker = `T-choice-${index}.`
      standin.when(marker, message(call('get_time', 'Oslo', `toolu_c${index}`)))
      const answer = await completions.create(question(marker, { model: forcible, tools: [weather, time], ...fields }))
      t.match(answer.choices[0], {
        finish_reason: 'tool_calls',
        message: { content: null, tool_calls: [{ function: { name: 'get_time' } }] },
      })
      t.strictSame(calls(marker)[0]!.body.tool_choice, choice)
    }),
  )
})

await t.test('runTools with a named function ends after it', async (t) => {
  standin.when('T-named', message(call('get_time', 'Oslo', 'toolu_n')), message('never asked'))
  const runner = completions.runTools({
    model: forcible,
    messages: [{ role: 'user', content: 'T-named' }],
    tools: [runnable(weather, weatherOf), runnable(time, () => 'noon')],
    tool_choice: { type: 'function', function: { name: 'get_time' } },
  })
  t.equal(await runner.finalFunctionToolCallResult(), 'noon')
  t.equal(calls('T-named').length, 1)
})

await t.test('two answers with calls, blocking and in one stream', async (t) => {
  const answer = (city: string) => message([text(`to ${city}`), call('get_weather', city, `toolu_${city}`)])
  for (const stream of [false, true]) {
    const marker = `T-two-${stream}`
    standin.when(marker, answer('Rome'), answer('Bern'))
    const ask = { tools: [weather], n: 2 }
    const got = stream
      ? joined(await collect(await completions.create(streamed(marker, ask))))
      : (await completions.create(question(marker, ask))).choices.map(({ message, finish_reason }) => ({
          said: message.content ?? '',
          calls: (message.tool_calls ?? []).map((one) => (one.type === 'function' ? [one.id, one.function.arguments] : [])),
          finish: [finish_reason],
        }))
    const expected = ['Bern', 'Rome'].map((city) => ({
      said: `to ${city}`,
      calls: [[`toolu_${city}`, `{"city":"${city}"}`]],
      finish: ['tool_calls'],
    }))
    t.strictSame(
      got.sort((one, other) => one.said.localeCompare(other.said)),
      expected,
    )
  }
})

/** The answers of one stream, put together by index. */
function joined(chunks: OpenAI.ChatCompletionChunk[]) {
  const answers = [0, 1].map(() => ({ said: '', calls: [] as string[][], finish: [] as string[] }))
  for (const { index, delta, finish_reason } of chunks.flatMap((chunk) => chunk.choices)) {
    const answer = answers[index]!
    answer.said += delta.content ?? ''
    if (finish_reason !== null) answer.finish.push(finish_reason)
    for (const piece of delta.tool_calls ?? []) {
      const one = (answer.calls[piece.index] ??= [piece.id ?? '', ''])
      one[1] += piece.function?.arguments ?? ''
    }
  }
  return answers
}
