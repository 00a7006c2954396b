import t from 'tap'
import * as standins from './index.js'
import { notice, type MessagesRequest, type Reply } from './index.js'

function said(reply: Reply): string {
  if (reply.kind !== 'message') return ''
  return reply.content.flatMap((block) => (block.type === 'text' ? block.deltas : [])).join('')
}

const demo = (prompt: string, more: MessagesRequest = {}) =>
  standins.demoBehaviour({ body: { messages: [{ role: 'user', content: prompt }], ...more } })

void t.test('reading a record', async (t) => {
  const reminder = '<system-reminder>\nnot the user\n</system-reminder>\n'
  const body: MessagesRequest = {
    system: [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=1;' },
      { type: 'text', text: "You are a Claude agent, built on Anthropic's Claude Agent SDK." },
      { type: 'text', text: 'Be brief.' },
    ],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: reminder },
          { type: 'text', text: 'first' },
        ],
      },
      { role: 'system', content: 'environment' },
      { role: 'assistant', content: 'answer' },
      { role: 'user', content: `why does ${reminder} not end here` },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'u', name: 't', input: { deep: ['needle'] } }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'u', is_error: true, content: [{ type: 'text', text: 'r' }] }],
      },
    ],
  }
  t.equal(standins.systemText({ body }), 'Be brief.')
  t.strictSame(standins.userTexts({ body }), ['first', `why does ${reminder} not end here`])
  t.equal(standins.lastUserText({ body }), `why does ${reminder} not end here`)
  t.strictSame(standins.toolResults({ body }), [{ id: 'u', text: 'r', isError: true }])
  t.ok(standins.contains({ body }, 'needle'))
  t.notOk(standins.contains({ body }, 'haystack'))
})

void t.test('the demo behaviour', async (t) => {
  for (const [question, expected] of [
    ['What is the primary function of a CPU in a computer?', /CPU.*instructions/s],
    ['Explain the concept of recursion in programming.', /calls itself.*base case/s],
    ['What is machine learning?', /algorithms learn.*data/s],
    ['What is 2 + 2?', /= 4$/],
    ['Write a Python function to calculate the factorial of a number.', /def factorial\(n\):/],
    ['Tell me a joke', /Oct 31/],
    ['hello', /Hello!/],
    ['Tell me about teapots', /You said: "Tell me about teapots"/],
  ] as const) {
    const answer = said(demo(question))
    t.match(answer, expected)
    t.ok(answer.startsWith(notice), question)
  }
  const person = said(demo("Generate a JSON object representing a person with name 'John Doe', age 30, and city 'New York'."))
  t.strictSame(JSON.parse(person), { name: 'John Doe', age: 30, city: 'New York' })

  const slow = demo('a slow answer, please')
  t.equal(slow.pace?.tokenDelayMs, 50)
  t.equal(said(slow).split(' ').length, 60)

  const source = { type: 'base64', media_type: 'image/png', data: 'AA==' }
  const picture = {
    role: 'user',
    content: [
      { type: 'image', source },
      { type: 'text', text: 'what is it?' },
    ],
  }
  t.match(said(demo('', { messages: [picture] })), /1 image \(image\/png\)/)
  const names = ['My name is Ada', 'What is my name?'].map((content) => ({ role: 'user', content }))
  t.match(said(demo('', { messages: names })), /Ada/)
})

void t.test('the demo behaviour with tools', async (t) => {
  const city = {
    type: 'object',
    properties: { city: { type: 'string' }, unit: { enum: ['c', 'f'] } },
    required: ['city', 'unit'],
  }
  const tools = [
    { name: 'mcp__client__get_weather', input_schema: city },
    { name: 'mcp__client__get_time', input_schema: { type: 'object', properties: { zone: { type: 'string' } } } },
  ]
  const call = demo('What is the weather in New York?', { tools }).content[0]!
  t.match(call, { type: 'tool_use', name: 'mcp__client__get_weather' })
  t.equal(call.type === 'tool_use' && call.fragments.join(''), '{"city":"New York","unit":"c"}')
  t.equal(demo('weather and time in Rome', { tools }).content.length, 2)
  t.match(demo('hello', { tools }).content, [{ type: 'text' }])
  t.match(demo('hello', { tools, tool_choice: { type: 'any' } }).content, [{ type: 'tool_use' }])
  t.match(demo('weather', { tools, tool_choice: { type: 'none' } }).content, [{ type: 'text' }])
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'u', content: '18 degrees' }] }
  t.match(said(demo('', { tools, messages: [{ role: 'user', content: 'weather?' }, result] })), /"18 degrees"/)

  const schema = {
    type: 'object',
    $defs: { tag: { type: 'string', minLength: 3 } },
    properties: {
      name: { type: 'string' },
      age: { type: 'integer', minimum: 18 },
      mail: { type: 'string', format: 'email' },
      tags: { type: 'array', items: { $ref: '#/$defs/tag' }, minItems: 2 },
      note: { anyOf: [{ type: 'null' }, { type: 'boolean' }] },
    },
    required: ['name', 'age', 'mail', 'tags', 'note'],
  }
  const [structured] = demo("a person with name 'Bo', age 12", {
    tools: [{ name: 'StructuredOutput', input_schema: schema }],
  }).content
  const input = structured!.type === 'tool_use' ? structured!.fragments.join('') : '{}'
  t.match(JSON.parse(input), {
    name: 'Bo',
    age: 18,
    mail: 'someone@example.com',
    tags: ['sample tags', 'sample tags'],
    note: true,
  })
})
