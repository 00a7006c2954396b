/** A Responses body -> what is run, and how a wrong one is told apart, in the names that its caller used. */
import t from 'tap'
import { carryOver } from '../../../src/openai/responses/carry-over.js'
import { refusalOf } from '../parse.js'
import { parse, parseWith } from './make.js'

const user = { role: 'user', content: 'hi' }
const png = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

await t.test('fields go where the chat request has them', async (t) => {
  const parsed = await parseWith({
    ...{ instructions: 'Be kind.', max_output_tokens: 5, reasoning: { effort: 'minimal', summary: 'auto' }, stream: true },
    ...{ metadata: { a: 'b' }, user: 'me', timeout: 9, parallel_tool_calls: true, tool_choice: null, tools: [], truncation: 'disabled' },
    ...{ include: [], text: { format: { type: 'text' } }, stream_options: { include_obfuscation: false }, n: 1 },
  })
  t.match(parsed, {
    ...{ delivery: 'stream', background: false, n: 1, metadata: { a: 'b' }, store: true, ignored: [], user: 'me', timeoutS: 9 },
    run: { model: 'sonnet', maxTokens: 5, effort: 'low', system: ['Be kind.'] },
  })
  t.strictSame(parsed.run.turns, [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }])
  t.equal((await parseWith({ store: false })).store, false)
  t.equal((await parseWith({ background: true })).background, true)
})

await t.test('what has no effect is named as it was written', async (t) => {
  const parsed = await parseWith({
    ...{ temperature: 0.1, top_p: 0.5, seed: 3, truncation: 'auto', max_tool_calls: 3, mystery: 1, service_tier: 'flex' },
    ...{ include: ['reasoning.encrypted_content'], stream_options: { include_obfuscation: true } },
    ...{ reasoning: { effort: 'low', mode: 'x' }, text: { verbosity: 'low', tone: 'x' } },
    input: [
      { ...user, id: 'x', phase: 'commentary' },
      { type: 'reasoning', id: 'rs', summary: [], encrypted_content: 'x' },
      {
        role: 'user',
        content: [
          { type: 'input_image', image_url: png, detail: 'high' },
          { type: 'input_text', text: 'x', more: 1 },
        ],
      },
    ],
  })
  t.strictSame(parsed.ignored.sort(), [
    ...['include', 'input[].content[].detail', 'input[].content[].more', 'input[].phase', 'input[].reasoning'],
    ...['max_tool_calls', 'mystery', 'reasoning.mode', 'seed', 'service_tier'],
    ...['stream_options.include_obfuscation', 'temperature', 'text.tone', 'text.verbosity', 'top_p', 'truncation'],
  ])
})

await t.test('items become turns', async (t) => {
  const items = [
    { type: 'message', role: 'system', content: 'S' },
    user,
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'let me see', annotations: [], logprobs: [] }] },
    { type: 'reasoning', summary: [] },
    { type: 'function_call', id: 'fc_1', call_id: 'a', name: 'look', arguments: '{"x":1}', status: 'completed' },
    { type: 'function_call', call_id: 'b', name: 'look', arguments: '' },
    { type: 'function_call_output', call_id: 'a', output: 'seen' },
    {
      type: 'function_call_output',
      call_id: 'b',
      output: [
        { type: 'input_text', text: 'too' },
        { type: 'input_image', image_url: png },
      ],
    },
    { role: 'user', content: [{ type: 'input_text', text: 'and?' }] },
  ]
  const { run, ignored } = await parse({ model: 'sonnet', instructions: 'I', input: items })
  t.strictSame(ignored, ['input[].reasoning'])
  t.strictSame(run.system, ['I', 'S'])
  t.strictSame(run.turns, [
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'let me see' },
        { type: 'tool_use', id: 'a', name: 'look', input: { x: 1 } },
        { type: 'tool_use', id: 'b', name: 'look', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', toolCallId: 'a', content: [{ type: 'text', text: 'seen' }] },
        {
          ...{ type: 'tool_result', toolCallId: 'b' },
          content: [
            { type: 'text', text: 'too' },
            {
              type: 'image',
              mediaType: 'image/png',
              data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
            },
          ],
        },
        { type: 'text', text: 'and?' },
      ],
    },
  ])
  const answer = { text: 'done', reasoning: 'r', toolCalls: [], refusal: null, finish: 'stop' as const }
  const carried = carryOver(run, 'I', { choices: [answer], usage: null, costUsd: null, model: null, sessionId: null })
  const next = await parse({ model: 'sonnet', input: 'more' }, carried)
  t.strictSame(next.run.system, ['S'], 'instructions are not carried over')
  t.strictSame(next.run.turns.slice(0, 3), run.turns, 'but every turn is')
  t.strictSame(next.run.turns.slice(3), [
    { role: 'assistant', content: [{ type: 'text', text: 'done' }] },
    { role: 'user', content: [{ type: 'text', text: 'more' }] },
  ])
})

await t.test('calls of the response before are answered', async (t) => {
  const toolCalls = [{ id: 'a', name: 'look', arguments: '' }]
  const answer = { choices: [{ text: '', reasoning: '', toolCalls, refusal: null, finish: 'tool_calls' as const }] }
  const { run } = await parseWith({})
  const carried = carryOver(run, null, { ...answer, usage: null, costUsd: null, model: null, sessionId: null })
  const { run: next } = await parse({ model: 'sonnet', input: [{ type: 'function_call_output', call_id: 'a', output: 'x' }] }, carried)
  t.strictSame(next.turns.slice(1), [
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', toolCallId: 'a', content: [{ type: 'text', text: 'x' }] }] },
  ])
  t.match(await refusalOf(parse({ model: 'sonnet', input: 'and?' }, carried)), {
    ...{ code: 'invalid_value', param: 'input', message: 'No tool output found for function call a.' },
  })
})

await t.test('refusals', async (t) => {
  const fileId = { type: 'input_image', file_id: 'file-1' }
  const message = (...content: object[]) => ({ input: [user, { role: 'user', content }] })
  const cases: [string, object, string, string | undefined][] = [
    ['no input', { input: null }, 'missing_required_parameter', 'input'],
    ['no items', { input: [] }, 'invalid_value', 'input'],
    ['input of a wrong type', { input: 5 }, 'invalid_type', 'input'],
    ['an item that is none', { input: ['x'] }, 'invalid_type', 'input[0]'],
    ['nothing but an unknown item', { input: [{ type: 'computer_call' }] }, 'invalid_value', 'input'],
    ['an unknown role', { input: [{ role: 'tool', content: 'x' }] }, 'invalid_value', 'input[0].role'],
    ['no content', { input: [user, { role: 'user' }] }, 'missing_required_parameter', 'input[1].content'],
    ['an empty text', { input: '' }, 'invalid_value', 'input'],
    ['empty content', { input: [{ role: 'user', content: [] }] }, 'invalid_value', 'input[0].content'],
    ['an unknown part', message({ type: 'input_audio' }), 'unsupported_value', 'input[1].content[0].type'],
    ['a part of the wrong side', message({ type: 'refusal', refusal: 'x' }), 'unsupported_value', 'input[1].content[0].type'],
    ['an image from OpenAI', message({ type: 'input_text', text: 'a' }, fileId), 'unsupported_parameter', 'input[1].content[1].file_id'],
    ['an image without data', message({ type: 'input_image' }), 'invalid_value', 'input[1].content[0]'],
    [
      'a broken image',
      message({ type: 'input_image', image_url: 'data:image/png;base64,!' }),
      'invalid_value',
      'input[1].content[0].image_url',
    ],
    ['a file to fetch', message({ type: 'input_file', file_url: 'http://x' }), 'unsupported_parameter', 'input[1].content[0].file_url'],
    ['an answer begun', { input: [user, { role: 'assistant', content: 'x' }] }, 'unsupported_value', 'input[1].role'],
    [
      'a call without output',
      { input: [user, { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' }] },
      'invalid_value',
      'input[1].call_id',
    ],
    [
      'an output without call',
      { input: [user, { type: 'function_call_output', call_id: 'a', output: 'x' }] },
      'invalid_value',
      'input[1].call_id',
    ],
    [
      'arguments nested too deep',
      {
        input: [
          user,
          { type: 'function_call', call_id: 'a', name: 'f', arguments: '{"a":'.repeat(300) + '1' + '}'.repeat(300) },
          { type: 'function_call_output', call_id: 'a', output: '' },
        ],
      },
      ...(['invalid_value', 'input[1].arguments'] as const),
    ],
    [
      'a name with a space',
      {
        input: [
          user,
          { type: 'function_call', call_id: 'a', name: 'f f', arguments: '{' },
          { type: 'function_call_output', call_id: 'a', output: '' },
        ],
      },
      'invalid_value',
      'input[1].name',
    ],
    ['an unknown format', { text: { format: { type: 'grammar' } } }, 'unsupported_value', 'text.format.type'],
    ['a wrong effort', { reasoning: { effort: 'huge' } }, 'invalid_value', 'reasoning.effort'],
    ['no tokens', { max_output_tokens: 0 }, 'invalid_value', 'max_output_tokens'],
    ['a conversation', { conversation: 'conv_1' }, 'unsupported_parameter', 'conversation'],
    ['a prompt', { prompt: { id: 'x' } }, 'unsupported_parameter', 'prompt'],
    ['messages', { messages: [user] }, 'unsupported_parameter', 'messages'],
    ['max_tokens', { max_tokens: 5 }, 'unsupported_parameter', 'max_tokens'],
    ['several answers', { n: 2 }, 'unsupported_parameter', 'n'],
    ['background without store', { background: true, store: false }, 'invalid_value', 'background'],
    ['an unknown model', { model: 'gpt-4' }, 'model_not_found', 'model'],
    ['metadata', { metadata: { a: 1 } }, 'invalid_type', 'metadata.a'],
    ['servers', { mcp_servers: 5 }, 'invalid_type', 'mcp_servers'],
  ]
  for (const [name, members, code, param] of cases) {
    const failure = await refusalOf(parseWith(members))
    t.match(failure, { code, param }, name)
    t.notMatch(failure.message, /messages\[|max_completion|null|undefined|image_url\.url|'file'/, `${name}: ${failure.message}`)
    const named = failure.message.includes(`'${param}'`) || !failure.message.includes("'") || param === 'model'
    t.ok(named, `${name}: ${failure.message}`)
  }
  t.match((await refusalOf(parseWith({ messages: [user] }))).message, /moved to 'input'/)
})

await t.test('rubbish', async (t) => {
  for (const body of [null, 5, 'x', [], {}, { model: 'sonnet' }, { input: 'x' }, { model: 5, input: 'x' }]) {
    t.equal((await refusalOf(parse(body))).code === 'internal_error', false, JSON.stringify(body))
  }
  const proto = JSON.parse('{"model":"sonnet","input":"x","constructor":1,"toString":{},"hasOwnProperty":2}') as object
  t.strictSame((await parse(proto)).ignored.sort(), ['constructor', 'hasOwnProperty', 'toString'])
  const long = 'x'.repeat(10_000)
  for (const members of [{ input: [{ type: long }] }, { input: [{ type: 'function_call_output', call_id: long, output: '' }] }]) {
    t.ok((await refusalOf(parseWith(members))).message.length < 500)
  }
  t.ok((await parseWith({ tools: [{ type: long }] })).ignored[0]!.length < 100)
  const unknown = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`member${index}`, 1]))
  t.ok((await parseWith(unknown)).ignored.length <= 65)
  const many = Array.from({ length: 50_000 }, () => user)
  t.equal((await parseWith({ input: many })).run.turns.length, 1)
})
