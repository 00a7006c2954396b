/** What the CLI would change of a request on its way to the API, or drop from it: it reaches the model whole. */
import t from 'tap'
import { ask, startBridge } from '../helper.js'
import { type RecordedRequest, contains, message, structuredOutput, toolUse } from '../standin/index.js'

const bridge = await startBridge(t)
const { standin } = bridge
const callsOf = (marker: string): RecordedRequest[] => standin.calls.filter((call) => contains(call, marker))

interface Answer {
  choices: { message: { content: string; tool_calls?: { function: { arguments: string } }[] } }[]
}

await t.test('a prompt that begins like a block of the CLI itself', async (t) => {
  const identity = 'You are a Claude agent, built on'
  const prompts = [
    ["You are Claude Code, Anthropic's official CLI for Claude."],
    ["You are Claude Code, Anthropic's official CLI for Claude.", 'And P2 words'],
    ["You are Claude Code, Anthropic's official CLI for Claude, running within the Claude Agent SDK."],
    ["You are a Claude agent, built on Anthropic's Claude Agent SDK."],
    ['x-anthropic-billing-header: cc_version=1; P5 words', 'more P5 words'],
    [
      'P6 words',
      'x-anthropic-billing-header: a',
      'x-anthropic-billing-header: b',
      "You are Claude Code, Anthropic's official CLI for Claude.",
    ],
    ['__SYSTEM_PROMPT_DYNAMIC_BOUNDARY__'],
    ['P8 words', '__SYSTEM_PROMPT_DYNAMIC_BOUNDARY__', 'after it'],
  ]
  for (const [index, texts] of prompts.entries()) {
    const messages = [...texts.map((content) => ({ role: 'system', content })), { role: 'user', content: `Q-prompt-${index}` }]
    t.equal((await bridge.post('/v1/chat/completions', { model: 'sonnet', messages })).status, 200)
    const blocks = callsOf(`Q-prompt-${index}`)[0]!.body.system as unknown as { text: string }[]
    t.equal(blocks.length, 3, 'the blocks of the CLI and the prompt')
    t.match(blocks[0]!.text, /^x-anthropic-billing-header: cc_version=2/)
    t.ok(blocks[1]!.text.startsWith(identity))
    t.equal(blocks[2]!.text.replace(/^\n/, ''), texts.join('\n\n'))
  }
})

await t.test('a function whose schema is a choice at its root', async (t) => {
  const branches = [
    { properties: { city: { type: 'string' } }, required: ['city'] },
    { properties: { zip: { type: 'number' } }, required: ['zip'] },
  ]
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    standin.when(`Q-${keyword}`, message(toolUse('mcp__client__find', { city: 'Rome' })))
    const parameters = { type: 'object', [keyword]: branches }
    const tools = [{ type: 'function', function: { name: 'find', description: 'Finds a place.', parameters } }]
    const response = await bridge.post('/v1/chat/completions', ask(`Q-${keyword}`, { tools }))
    t.equal(response.headers.get('x-bridge-ignored'), `tools[].function.parameters.${keyword}`)
    const [call] = ((await response.json()) as Answer).choices[0]!.message.tool_calls ?? []
    t.strictSame(JSON.parse(call!.function.arguments), { city: 'Rome' })
    const [tool] = callsOf(`Q-${keyword}`)[0]!.body.tools!
    t.match(tool!['description'], /^Finds a place\./)
    t.ok(String(tool!['description']).endsWith(JSON.stringify({ [keyword]: branches })), 'the whole choice is told')
    t.match(tool!.input_schema, { type: 'object', properties: { city: { type: 'string' }, zip: { type: 'number' } } })
    t.notOk(Object.hasOwn(tool!.input_schema as object, keyword), 'the API takes no choice at the root')
  }
})

await t.test('a JSON answer has its name and what it is for, and a choice at its root', async (t) => {
  const anyOf = [{ required: ['a'] }, { required: ['b'] }]
  const schema = { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, anyOf }
  const asked = (marker: string) =>
    ask(marker, { response_format: { type: 'json_schema', json_schema: { name: 'place', description: 'Where it is.', schema } } })
  standin.when('Q-format', message(structuredOutput({ a: 'x' })))
  const response = await bridge.post('/v1/chat/completions', asked('Q-format'))
  t.equal(response.headers.get('x-bridge-ignored'), 'response_format.json_schema.schema.anyOf')
  t.equal(((await response.json()) as Answer).choices[0]!.message.content, '{"a":"x"}')
  const told = callsOf('Q-format')[0]!.body.tools![0]!.input_schema as { title: string; description: string }
  t.equal(told.title, 'place')
  t.match(told.description, /^Where it is\.\n\n/)
  t.ok(told.description.endsWith(JSON.stringify({ anyOf })))
  t.notOk(Object.hasOwn(told, 'anyOf'))
  // the CLI is not told the choice, so that the bridge holds the answer against it
  standin.when('Q-wrong', message(structuredOutput({})))
  const wrong = await bridge.post('/v1/chat/completions', asked('Q-wrong'))
  t.equal(wrong.status, 502)
  t.match(await wrong.json(), { error: { code: 'output_not_valid' } })
})
