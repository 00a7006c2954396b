/** Tools and a JSON format in one request: what the model says before its calls is no content, whichever client asks. */
import { ChatOpenAI } from '@langchain/openai'
import type OpenAI from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { onlyParked, startBridge } from '../helper.js'
import { type RecordedRequest, contains, message, offered, structuredOutput, text, thinking, toolUse } from '../standin/index.js'
import { clientOf } from './openai.js'

const bridge = await startBridge(t, { warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge
const client = clientOf(bridge)
const model = 'sonnet'

const City = z.object({ city: z.string() })
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const response_format = zodResponseFormat(City, 'place')
const tools = [zodFunction({ name: 'find_city', parameters: City })]
const said = 'Let me use a tool. '
const ask = (marker: string) => [{ role: 'user' as const, content: marker }]
const callsOf = (marker: string): RecordedRequest[] => standin.calls.filter((call) => contains(call, marker))

/** Words, a call, and after its result the answer. */
function script(marker: string, before: ReturnType<typeof text>[] = []): void {
  standin.when(
    marker,
    message([...before, text(said), toolUse(offered('find_city'), { city: 'Rome' }, `toolu_${marker}`)]),
    message([text('Here it is: '), structuredOutput({ city: 'Rome' })]),
  )
}

const result = (marker: string) => ({ role: 'tool' as const, tool_call_id: `toolu_${marker}`, content: 'found' })

await t.test('parse gives the call, and then the answer', async (t) => {
  script('W-parse')
  const { choices } = await client.chat.completions.parse({ model, messages: ask('W-parse'), tools, response_format })
  const called = choices[0]!.message
  t.match(choices[0], { finish_reason: 'tool_calls', message: { content: null, parsed: null, reasoning_content: said } })
  t.match(called.tool_calls, [{ id: 'toolu_W-parse', function: { parsed_arguments: { city: 'Rome' } } }])
  const messages = [...ask('W-parse'), called, result('W-parse')]
  const last = await client.chat.completions.parse({ model, messages, tools, response_format })
  t.strictSame(last.choices[0]!.message.parsed, { city: 'Rome' })
  t.equal(last.choices[0]!.message.content, '{"city":"Rome"}')
  t.equal(callsOf('W-parse').length, 2)
})

await t.test('the stream helper too, reasoning first', async (t) => {
  script('W-stream', [thinking('hm')])
  const stream = client.chat.completions.stream({ model, messages: ask('W-stream'), tools, response_format })
  let thoughts = ''
  const order: string[] = []
  stream.on('chunk', ({ choices }) => {
    const delta = choices[0]?.delta as { reasoning_content?: string; content?: string; tool_calls?: unknown[] } | undefined
    thoughts += delta?.reasoning_content ?? ''
    for (const member of ['reasoning_content', 'content', 'tool_calls'] as const) {
      if (delta?.[member] && order.at(-1) !== member) order.push(member)
    }
  })
  const { choices } = await stream.finalChatCompletion()
  t.equal(choices[0]!.message.parsed, null)
  t.match(choices[0]!.message.tool_calls, [{ id: 'toolu_W-stream' }])
  t.strictSame(order, ['reasoning_content', 'tool_calls'], 'no content, and the words before the call')
  t.equal(thoughts, `hm\n\n${said}`)
})

await t.test('LangChain: strict structured output beside tools', async (t) => {
  script('W-chain')
  const chat = new ChatOpenAI({ model, apiKey: 'none', maxRetries: 0, configuration: { baseURL: `${bridge.url}/v1` } })
  const answer = await chat.invoke('W-chain', {
    tools,
    response_format: { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } },
  })
  t.match(answer.tool_calls, [{ name: 'find_city', args: { city: 'Rome' } }])
})

await t.test('without a format nothing changes; json_object is a format', async (t) => {
  script('W-plain')
  const plain = await client.chat.completions.create({ model, messages: ask('W-plain'), tools })
  t.equal(plain.choices[0]!.message.content, said)
  script('W-object')
  const object = await client.chat.completions.create({ model, messages: ask('W-object'), tools, response_format: { type: 'json_object' } })
  t.equal(object.choices[0]!.message.content, null)
})

await t.test('cut off at the limit of tokens: the words are no content', async (t) => {
  standin.when('W-cut', message(text(said), { stopReason: 'max_tokens' }))
  const { choices } = await client.chat.completions.create({ model, messages: ask('W-cut'), response_format })
  t.match(choices[0], { finish_reason: 'length', message: { content: null, reasoning_content: said } })
})

const functionTool: OpenAI.Responses.FunctionTool = { type: 'function', name: 'find_city', parameters: schema, strict: true }
const body = { model, tools: [functionTool], text: { format: { type: 'json_schema' as const, name: 'place', schema, strict: true } } }
const shapes = (items: readonly { type: string }[]) => items.map((item) => `${item.type}:${(item as { phase?: string }).phase ?? ''}`)

/** The request of the second round, by what is sent back. */
async function goesOn(t: Test, marker: string, first: OpenAI.Responses.Response, more: object): Promise<void> {
  const output = { type: 'function_call_output' as const, call_id: `toolu_${marker}`, output: 'found' }
  const input = 'previous_response_id' in more ? [output] : [...ask(marker), ...(first.output as OpenAI.Responses.ResponseInput), output]
  const second = await client.responses.parse({ ...body, ...more, input })
  t.strictSame(second.output_parsed, { city: 'Rome' })
  const asked = callsOf(marker)
  t.equal(asked.length, 2)
  const messages = asked[1]!.body.messages!.filter(({ role }) => role !== 'system')
  const turn = messages.find(({ role }) => role === 'assistant')!.content as { type: string; text?: string }[]
  t.strictSame(
    turn.filter(({ type }) => type !== 'thinking').map(({ type, text }) => text ?? type),
    [said, 'tool_use'],
    'the words stand before the call',
  )
}

await t.test('Responses: a commentary in its place, and sent back', async (t) => {
  script('W-items', [thinking('hm')])
  const first = await client.responses.create({ ...body, input: 'W-items' })
  t.strictSame(shapes(first.output), ['reasoning:', 'message:commentary', 'function_call:'])
  await goesOn(t, 'W-items', first, {})
  t.notOk(JSON.stringify(first).includes('"phase":"final'))

  script('W-previous')
  const stored = await client.responses.create({ ...body, input: 'W-previous' })
  await goesOn(t, 'W-previous', stored, { previous_response_id: stored.id })
})

await t.test('Responses, streamed: the same items in the same order', async (t) => {
  script('W-events')
  const types: string[] = []
  const items: { type: string }[] = []
  let deltas = ''
  for await (const event of await client.responses.create({ ...body, input: 'W-events', stream: true })) {
    if (event.type === 'response.output_item.added') items.push(event.item)
    if (event.type === 'response.output_text.delta') deltas += event.delta
    types.push(event.type)
  }
  t.strictSame(shapes(items), ['message:commentary', 'function_call:'])
  t.equal(deltas, said)
  t.ok(types.indexOf('response.output_text.done') < types.indexOf('response.function_call_arguments.delta'))
})
