/** Functions and answers whose keys the API does not take: the model gets the tool, and the client gets its own keys. */
import t from 'tap'
import { ask, onlyParked, startBridge } from '../helper.js'
import { type RecordedRequest, contains, message, structuredOutput, toolUse } from '../standin/index.js'

const bridge = await startBridge(t, { warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge

const parameters = {
  type: 'object',
  properties: {
    $top: { type: 'integer' },
    'filter[id]': { type: 'string' },
    größe: { type: 'object', properties: { 名前: { type: 'string' } }, required: ['名前'] },
  },
  required: ['$top', 'größe'],
}
const tools = [{ type: 'function', function: { name: 'find', description: 'Finds', parameters } }]
const args = { $top: 3, 'filter[id]': 'x', größe: { 名前: 'n' } }

interface Keyed {
  properties: Record<string, Keyed>
}
interface Answer {
  choices: { message: { content: string; tool_calls?: { id: string; function: { arguments: string } }[] } }[]
}

const callsOf = (marker: string) => standin.calls.filter((call) => contains(call, marker))
const schemaIn = (call: RecordedRequest, tool: string) =>
  call.body.tools!.find(({ name }) => name === tool)!.input_schema as unknown as Keyed

/** The arguments as a model would give them for that schema. */
function asTold({ properties }: Keyed): Record<string, unknown> {
  const [top, filter, size] = Object.keys(properties)
  const [name] = Object.keys(properties[size!]!.properties)
  return { [top!]: 3, [filter!]: 'x', [size!]: { [name!]: 'n' } }
}

async function chat(body: object): Promise<Answer> {
  const response = await bridge.post('/v1/chat/completions', body)
  t.equal(response.status, 200)
  return (await response.json()) as Answer
}

await t.test('a call, its result, and the conversation in another process', async (t) => {
  standin.when(
    'K-call',
    (request) => message(toolUse('mcp__client__find', asTold(schemaIn(request, 'mcp__client__find')), 'toolu_k')),
    message('found'),
  )
  const messages: object[] = [{ role: 'user', content: 'K-call' }]
  const first = await chat(ask('K-call', { tools }))
  const [call] = first.choices[0]!.message.tool_calls ?? []
  t.strictSame(JSON.parse(call!.function.arguments), args)
  for (const key of Object.keys(schemaIn(callsOf('K-call')[0]!, 'mcp__client__find').properties)) t.match(key, /^[a-zA-Z0-9_.-]{1,64}$/)
  messages.push(first.choices[0]!.message, { role: 'tool', tool_call_id: call!.id, content: 'a thing' })
  t.equal((await chat({ model: 'sonnet', messages, tools })).choices[0]!.message.content, 'found')
  // replayed: the model reads its own keys in the past as well
  standin.when('K-other', message('again'))
  await chat({
    model: 'haiku',
    messages: [...messages, { role: 'assistant', content: 'found' }, { role: 'user', content: 'K-other' }],
    tools,
  })
  const told = JSON.stringify(callsOf('K-other')[0]!.body.messages)
  const keys = Object.keys(schemaIn(callsOf('K-other')[0]!, 'mcp__client__find').properties)
  for (const key of keys) t.ok(told.includes(`"${key}"`), key)
  t.notMatch(told, /"\$top"|"größe"/)
})

await t.test('a stream', async (t) => {
  standin.when('K-stream', (request) => message(toolUse('mcp__client__find', asTold(schemaIn(request, 'mcp__client__find')), 'toolu_s')))
  const text = await (await bridge.post('/v1/chat/completions', ask('K-stream', { tools, stream: true }))).text()
  const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map(
    ([, json]) => JSON.parse(json!) as { choices: { delta: { tool_calls?: { function: { arguments?: string } }[] } }[] },
  )
  const whole = chunks.map(({ choices }) => choices[0]?.delta.tool_calls?.[0]?.function.arguments ?? '').join('')
  t.strictSame(JSON.parse(whole), args)
})

await t.test('an answer by a schema', async (t) => {
  standin.when('K-format', (request) => message(structuredOutput(asTold(schemaIn(request, 'StructuredOutput')))))
  const schema = { ...parameters, additionalProperties: false }
  const answer = await chat(ask('K-format', { response_format: { type: 'json_schema', json_schema: { name: 'found', schema } } }))
  t.strictSame(JSON.parse(answer.choices[0]!.message.content), args)
})
