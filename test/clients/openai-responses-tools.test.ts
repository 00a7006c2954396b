/** The official client offers functions and asks for JSON over the Responses API. */
import type OpenAI from 'openai'
import t from 'tap'
import { startBridge } from '../helper.js'
import {
  type RecordedRequest,
  contains,
  message,
  offered,
  structuredOutput,
  text,
  thinking,
  toolResults,
  toolUse,
} from '../standin/index.js'
import { clientOf, errorOf } from './openai.js'

const bridge = await startBridge(t)
const { standin } = bridge
const client = clientOf(bridge)
const model = 'sonnet'

const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const weather: OpenAI.Responses.FunctionTool = {
  ...{ type: 'function', name: 'get_weather', description: 'Weather of a city', parameters: city, strict: false },
}
const callsOf = (marker: string): RecordedRequest[] => standin.calls.filter((call) => contains(call, marker))
const isCall = (item: OpenAI.Responses.ResponseOutputItem) => item.type === 'function_call'

const script = (marker: string) =>
  standin.when(
    marker,
    message([
      thinking('hm'),
      text('Let me look.'),
      toolUse(offered('get_weather'), { city: 'Rome' }, `toolu_${marker}_a`),
      toolUse(offered('get_weather'), { city: 'Oslo' }, `toolu_${marker}_b`),
    ]),
    message('Sunny in Rome, rain in Oslo.'),
  )

await t.test('calls, their outputs, and the answer, with the items sent again', async (t) => {
  script('F-items')
  const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'F-items' }]
  const first = await client.responses.create({ model, input, tools: [weather], parallel_tool_calls: true })
  t.match(first, { status: 'completed', output_text: 'Let me look.', tools: [weather] })
  t.strictSame(
    first.output.map((item) => item.type),
    ['reasoning', 'message', 'function_call', 'function_call'],
  )
  const calls = first.output.filter(isCall)
  t.match(calls, [
    { call_id: 'toolu_F-items_a', name: 'get_weather', arguments: '{"city":"Rome"}', status: 'completed' },
    { call_id: 'toolu_F-items_b', name: 'get_weather', arguments: '{"city":"Oslo"}', status: 'completed' },
  ])
  const outputs = calls.map(({ call_id }) => ({ type: 'function_call_output' as const, call_id, output: `result of ${call_id}` }))
  const again = [...input, ...(first.output as OpenAI.Responses.ResponseInput), ...outputs]
  const second = await client.responses.create({ model, input: again, tools: [weather] })
  t.equal(second.output_text, 'Sunny in Rome, rain in Oslo.')
  const told = callsOf('F-items').at(-1)!
  t.match(JSON.stringify(toolResults(told)), /result of toolu_F-items_a.*result of toolu_F-items_b/)
})

await t.test('the same over previous_response_id, streamed', async (t) => {
  script('F-goes-on')
  const stream = client.responses.stream({ model, input: 'F-goes-on', tools: [weather] })
  const pieces: string[] = []
  stream.on('response.function_call_arguments.delta', (event) => pieces.push(event.delta))
  const first = await stream.finalResponse()
  t.equal(pieces.join(''), '{"city":"Rome"}{"city":"Oslo"}')
  const calls = first.output.filter((item) => item.type === 'function_call')
  t.equal(calls.length, 2)
  const retrieved = await client.responses.retrieve(first.id)
  t.strictSame(
    retrieved.output.map((item) => item.id),
    first.output.map((item) => item.id),
  )

  const unanswered = await errorOf(client.responses.create({ model, previous_response_id: first.id, input: 'and?' }))
  t.match(unanswered, { status: 400, message: /No tool output found for function call toolu_F-goes-on_a/ })
  const second = await client.responses.create({
    ...{ model, previous_response_id: first.id, tools: [weather] },
    input: calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'fine' })),
  })
  t.equal(second.output_text, 'Sunny in Rome, rain in Oslo.')
  const items = await client.responses.inputItems.list(second.id, { order: 'asc' })
  t.strictSame(
    items.data.map((item) => item.type),
    ['message', 'message', 'function_call', 'function_call', 'function_call_output', 'function_call_output'],
  )
})

await t.test('a choice', async (t) => {
  const input = 'F-choice'
  const wrong = { type: 'function' as const, name: 'nobody' }
  t.match(await errorOf(client.responses.create({ model, input, tools: [weather], tool_choice: wrong })), {
    ...{ status: 400, param: 'tool_choice.name' },
  })
  const bad = { ...weather, parameters: { type: 'array' } }
  t.match(await errorOf(client.responses.create({ model, input, tools: [bad] })), {
    ...{ status: 400, code: 'invalid_function_parameters', param: 'tools[0].parameters' },
  })
  standin.when('F-choice', message(toolUse(offered('get_weather'), { city: 'Rome' }, 'toolu_c')))
  const forced = await client.responses.create({
    ...{ model, input, tools: [weather], tool_choice: { type: 'function', name: 'get_weather' } },
  })
  t.match(forced, { output: [{ type: 'function_call' }], tool_choice: { type: 'function', name: 'get_weather' } })
})

await t.test('JSON of a schema', async (t) => {
  const format = { type: 'json_schema' as const, name: 'place', schema: city, strict: true }
  standin.when('F-json', message(structuredOutput({ city: 'Rome' })))
  const blocked = await client.responses.parse({ model, input: 'F-json', text: { format } })
  t.strictSame(blocked.output_parsed, { city: 'Rome' })
  t.match(blocked.text, { format })
  const streamed = await client.responses.stream({ model, input: 'F-json', text: { format } }).finalResponse()
  t.strictSame(JSON.parse(streamed.output_text), { city: 'Rome' })
  const schema = { type: 'array' }
  t.match(await errorOf(client.responses.create({ model, input: 'x', text: { format: { ...format, schema } } })), {
    ...{ status: 400, code: 'invalid_json_schema', param: 'text.format.schema' },
  })
})
