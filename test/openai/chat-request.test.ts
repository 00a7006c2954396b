/** The schema of the body, and what is said of a body that does not fit it. */
import t from 'tap'
import { z } from 'zod'
import { BridgeError, type ErrorCode } from '../../src/errors/catalogue.js'
import { chatRequestSchema } from '../../src/openai/in/chat-request.js'
import { fields } from '../../src/openai/in/honoured-fields.js'
import { validate } from '../../src/errors/request-error.js'
import { parse, parseValue, parseWith, refusal, user } from './parse.js'

/** metadata as long as it may be */
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`.padEnd(64, 'k'), 'v'.repeat(512)]))

await t.test('a body that is no object', async (t) => {
  const bodies: [unknown, string][] = [
    [null, 'null'],
    [[], 'an array'],
    ['x', 'a string'],
    [1, 'an integer'],
    [undefined, 'missing'],
  ]
  for (const [body, word] of bodies) {
    const failure = refusal(() => parse(body))
    t.match(failure, { code: 'invalid_type', message: `The request body must be a JSON object, but it is ${word}.` })
    t.notOk('param' in failure, `no param for ${word}`)
  }
})

await t.test('members of the wrong type or value', async (t) => {
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
  const messages = (...list: unknown[]) => ({ messages: list })
  const content = (value: unknown) => messages({ role: 'user', content: value })
  const calls = (...list: unknown[]) => messages({ role: 'assistant', tool_calls: list })
  const tools = (name: string) => [{ type: 'function', function: { name } }]
  const cases: [object, ErrorCode, string][] = [
    [{ model: undefined }, 'missing_required_parameter', 'model'],
    [{ model: null }, 'missing_required_parameter', 'model'],
    [{ model: '' }, 'invalid_value', 'model'],
    [{ model: 5 }, 'invalid_type', 'model'],
    [{ messages: undefined }, 'missing_required_parameter', 'messages'],
    [{ messages: null }, 'missing_required_parameter', 'messages'],
    [{ messages: [] }, 'invalid_value', 'messages'],
    [{ messages: 'hi' }, 'invalid_type', 'messages'],
    [{ messages: {} }, 'invalid_type', 'messages'],
    [messages('hi'), 'invalid_type', 'messages[0]'],
    [messages(null), 'invalid_type', 'messages[0]'],
    [messages({}), 'missing_required_parameter', 'messages[0].role'],
    [messages({ role: null, content: 'x' }), 'invalid_type', 'messages[0].role'],
    [messages({ role: 'robot', content: 'x' }), 'invalid_value', 'messages[0].role'],
    [messages(user[0], { role: 'user' }), 'missing_required_parameter', 'messages[1].content'],
    [content(null), 'invalid_value', 'messages[0].content'],
    [content(5), 'invalid_type', 'messages[0].content'],
    [content({}), 'invalid_type', 'messages[0].content'],
    [content([]), 'invalid_value', 'messages[0].content'],
    [content(['x']), 'invalid_type', 'messages[0].content[0]'],
    [content([{ text: 'x' }]), 'missing_required_parameter', 'messages[0].content[0].type'],
    [content([{ type: 'text', text: 'x' }, { type: 'hologram' }]), 'unsupported_value', 'messages[0].content[1].type'],
    [content([{ type: 'file', file: { file_id: 'f' } }]), 'unsupported_parameter', 'messages[0].content[0].file.file_id'],
    [content([{ type: 'input_audio', input_audio: {} }]), 'unsupported_value', 'messages[0].content[0].type'],
    [content([{ type: 'refusal', refusal: 'x' }]), 'unsupported_value', 'messages[0].content[0].type'],
    [content([{ type: 'text' }]), 'missing_required_parameter', 'messages[0].content[0].text'],
    [content([{ type: 'text', text: null }]), 'invalid_type', 'messages[0].content[0].text'],
    [content([{ type: 'image_url' }]), 'missing_required_parameter', 'messages[0].content[0].image_url'],
    [content([{ type: 'image_url', image_url: 'x' }]), 'invalid_type', 'messages[0].content[0].image_url'],
    [content([{ type: 'image_url', image_url: {} }]), 'missing_required_parameter', 'messages[0].content[0].image_url.url'],
    [messages({ role: 'system' }), 'missing_required_parameter', 'messages[0].content'],
    [
      messages({ role: 'system', content: [{ type: 'image_url', image_url: { url: 'x' } }] }),
      'unsupported_value',
      'messages[0].content[0].type',
    ],
    [messages({ role: 'tool', content: 'x' }), 'missing_required_parameter', 'messages[0].tool_call_id'],
    [messages({ role: 'tool', tool_call_id: 'c' }), 'missing_required_parameter', 'messages[0].content'],
    [messages({ role: 'assistant', content: 7 }), 'invalid_type', 'messages[0].content'],
    [calls({ ...call, id: 5 }), 'invalid_type', 'messages[0].tool_calls[0].id'],
    [calls({ ...call, type: 'custom' }), 'missing_required_parameter', 'messages[0].tool_calls[0].custom'],
    [calls({ ...call, type: 'shell' }), 'unsupported_value', 'messages[0].tool_calls[0].type'],
    [calls({ ...call, function: { name: 'f', arguments: 7 } }), 'invalid_type', 'messages[0].tool_calls[0].function.arguments'],
    [calls({ ...call, function: { name: 'a b', arguments: '' } }), 'invalid_value', 'messages[0].tool_calls[0].function.name'],
    [{ messages: undefined, question: '' }, 'missing_required_parameter', 'messages'],
    [{ messages: undefined, question: ' \n' }, 'invalid_value', 'question'],
    [{ messages: undefined, question: ['q'] }, 'invalid_type', 'question'],
    [{ stream: 'true' }, 'invalid_type', 'stream'],
    [{ stream: 1 }, 'invalid_type', 'stream'],
    [{ stream: true, stream_options: 'usage' }, 'invalid_type', 'stream_options'],
    [{ stream: true, stream_options: { include_usage: 'yes' } }, 'invalid_type', 'stream_options.include_usage'],
    [{ n: 0 }, 'invalid_value', 'n'],
    [{ n: 129 }, 'invalid_value', 'n'],
    [{ n: 1.5 }, 'invalid_type', 'n'],
    [{ n: '2' }, 'invalid_type', 'n'],
    [{ stop: ['a', ''] }, 'invalid_value', 'stop[1]'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'invalid_value', 'stop'],
    [{ stop: [1] }, 'invalid_type', 'stop[0]'],
    [{ stop: 5 }, 'invalid_type', 'stop'],
    [{ max_tokens: 0 }, 'invalid_value', 'max_tokens'],
    [{ max_tokens: -1 }, 'invalid_value', 'max_tokens'],
    [{ max_tokens: 1.5 }, 'invalid_type', 'max_tokens'],
    [{ max_completion_tokens: '10' }, 'invalid_type', 'max_completion_tokens'],
    [{ reasoning_effort: 'huge' }, 'invalid_value', 'reasoning_effort'],
    [{ reasoning_effort: 3 }, 'invalid_type', 'reasoning_effort'],
    [{ response_format: 'text' }, 'invalid_type', 'response_format'],
    [{ response_format: { type: 'xml' } }, 'unsupported_value', 'response_format.type'],
    [{ response_format: { type: 'json_schema' } }, 'missing_required_parameter', 'response_format.json_schema'],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'a b' } } }, 'invalid_value', 'response_format.json_schema.name'],
    [{ tools: { a: 1 } }, 'invalid_type', 'tools'],
    [{ tools: [{ type: 'custom', custom: {} }] }, 'missing_required_parameter', 'tools[0].custom.name'],
    [{ tools: [{ type: 'function', description: 'x' }] }, 'missing_required_parameter', 'tools[0].name'],
    [{ tools: [{ description: 'x' }] }, 'missing_required_parameter', 'tools[0].type'],
    [{ tools: [{ type: 7 }] }, 'invalid_type', 'tools[0].type'],
    [{ tools: [{ type: 'function', function: {} }] }, 'missing_required_parameter', 'tools[0].function.name'],
    [{ tool_choice: 'any' }, 'invalid_value', 'tool_choice'],
    [{ tools: tools('f'), tool_choice: { type: 'function', function: { name: 'g' } } }, 'invalid_value', 'tool_choice.function.name'],
    [
      { tools: tools('f'), tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: tools('g') } } },
      'invalid_value',
      'tool_choice.allowed_tools.tools',
    ],
    [{ parallel_tool_calls: 'no' }, 'invalid_type', 'parallel_tool_calls'],
    [{ metadata: 'x' }, 'invalid_type', 'metadata'],
    [{ metadata: { a: 1 } }, 'invalid_type', 'metadata.a'],
    [{ metadata: { a: 'v'.repeat(513) } }, 'invalid_value', 'metadata.a'],
    [{ metadata: { ['k'.repeat(65)]: 'v' } }, 'invalid_value', `metadata.${'k'.repeat(64)}`],
    [{ metadata: pairs(17) }, 'invalid_value', 'metadata'],
    [{ store: 'yes' }, 'invalid_type', 'store'],
    [{ user: 5 }, 'invalid_type', 'user'],
    [{ safety_identifier: 's'.repeat(65) }, 'invalid_value', 'safety_identifier'],
    [{ timeout: 0 }, 'invalid_value', 'timeout'],
    [{ timeout: -1 }, 'invalid_value', 'timeout'],
    [{ timeout: '10' }, 'invalid_type', 'timeout'],
    [{ background: 'true' }, 'invalid_type', 'background'],
    [{ wait_for_completion: 0 }, 'invalid_type', 'wait_for_completion'],
  ]
  for (const [members, code, param] of cases) {
    const failure = refusal(() => parseWith(members))
    t.match(failure, { code, param }, `${JSON.stringify(members).slice(0, 90)}: ${failure.message}`)
    t.ok(failure.message.includes(`'${param}'`), `the message names ${param}`)
  }
})

await t.test('limits are taken', async (t) => {
  const cases: object[] = [
    { n: 8 },
    { stop: 'x' },
    { stop: ['a', 'b', 'c', 'd'] },
    { max_tokens: 1 },
    { timeout: 0.5 },
    { safety_identifier: 's'.repeat(64) },
    { metadata: pairs(16) },
  ]
  for (const members of cases) t.same(parseWith(members).ignored, [], JSON.stringify(members).slice(0, 60))
})

await t.test('messages say what was expected and what came', async (t) => {
  const cases: [object, string][] = [
    [{ stream: 'true' }, "Invalid type for 'stream': expected a boolean, but got a string instead."],
    [{ stop: 5 }, "Invalid type for 'stop': expected a string or an array, but got an integer instead."],
    [{ n: 0 }, "Invalid value for 'n': it must be at least 1, not 0."],
    [{ n: 'x' }, "Invalid type for 'n': expected a whole number from 1 to 8, but got a string instead."],
    [{ n: 1.5 }, "Invalid type for 'n': expected a whole number from 1 to 8, but got 1.5 instead."],
    [{ n: 200 }, "Invalid value for 'n': expected a whole number from 1 to 8, not 200."],
    [{ max_tokens: 'x' }, "Invalid type for 'max_tokens': expected a whole number of at least 1, but got a string instead."],
    [
      { max_completion_tokens: 1.5 },
      "Invalid type for 'max_completion_tokens': expected a whole number of at least 1, but got 1.5 instead.",
    ],
    [{ timeout: '9' }, "Invalid type for 'timeout': expected a number over 0, but got a string instead."],
    [{ max_cost_usd: [1] }, "Invalid type for 'max_cost_usd': expected a number over 0, but got an array instead."],
    [
      { retry_config: { max_attempts: 'x' } },
      "Invalid type for 'retry_config.max_attempts': expected a whole number from 1 to 50, but got a string instead.",
    ],
    [{ retry_config: { jitter: 'x' } }, "Invalid type for 'retry_config.jitter': expected a number from 0 to 1, but got a string instead."],
    [
      { max_attempts_before_human: 'x' },
      "Invalid type for 'max_attempts_before_human': expected a whole number from 0 to 1000000, but got a string instead.",
    ],
    [{ top_logprobs: 30 }, "Invalid value for 'top_logprobs': expected a whole number from 0 to 20, not 30."],
    [
      { messages: [{ role: 'x' }] },
      "Invalid value 'x' for 'messages[0].role'. " + "Known values are: 'system', 'developer', 'user', 'assistant', 'tool', 'function'.",
    ],
  ]
  for (const [members, message] of cases) t.equal(refusal(() => parseWith(members)).message, message)
})

await t.test('of several types that a place has, all are named', async (t) => {
  const tools = [{ type: 'function', function: { name: 'f' } }]
  const other = (param: string, types: string, got: string) => `Invalid type for '${param}': expected ${types}, but got ${got} instead.`
  const call = (args: unknown) => [...user, { role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: args } }] }]
  const cases: [object, string][] = [
    [{ tools, tool_choice: 7 }, other('tool_choice', 'a string or an object', 'an integer')],
    [{ tools, tool_choice: ['auto'] }, other('tool_choice', 'a string or an object', 'an array')],
    [{ functions: [{ name: 'f' }], function_call: true }, other('function_call', 'a string or an object', 'a boolean')],
    [{ messages: call(7) }, other('messages[1].tool_calls[0].function.arguments', 'a string or an object', 'an integer')],
    [{ messages: [{ role: 'user', content: {} }] }, other('messages[0].content', 'a string or an array', 'an object')],
    // an object is told what is wrong inside it
    [{ tools, tool_choice: { a: 1 } }, "Missing required parameter: 'tool_choice.type'."],
    [{ tools, tool_choice: { type: 'tool' } }, "Missing required parameter: 'tool_choice.name'."],
    [{ functions: [{ name: 'f' }], function_call: { nam: 'f' } }, "Missing required parameter: 'function_call.name'."],
    [{ tools, tool_choice: { type: 'allowed_tools', allowed_tools: 7 } }, other('tool_choice.allowed_tools', 'an object', 'an integer')],
  ]
  for (const [members, message] of cases) t.equal(refusal(() => parseWith(members)).message, message)
  t.match(
    refusal(() => parseWith({ tools, tool_choice: { type: 'x' } })).message,
    /'x' for 'tool_choice\.type'\. Known values are: 'function'/,
  )
})

await t.test('the parts of a message are those of its role', async (t) => {
  const part = { type: 'audio', text: 'x' }
  const result = { type: 'tool_result', tool_use_id: 'a', content: [part] }
  const cases: [object, RegExp][] = [
    [{ role: 'system', content: [part] }, /Known values in a message of the role 'system' are: 'text', 'input_text', 'output_text'\.$/],
    [{ role: 'developer', content: [part] }, /Known values in a message of the role 'developer' are: 'text', /],
    [{ role: 'user', content: [part] }, /Known values in a message of the role 'user' are: 'text', .*'document'/],
    [{ role: 'assistant', content: [part] }, /Known values in a message of the role 'assistant' are: 'text', .*'refusal'/],
    [{ role: 'user', content: [result] }, /'messages\[0\]\.content\[0\]\.content\[0\]\.type'\. Known values are: 'text', /],
  ]
  for (const [message, says] of cases) t.match(refusal(() => parseWith({ messages: [message] })).message, says)
})

await t.test('a message never grows with what was sent', async (t) => {
  const long = 'x'.repeat(100_000)
  const cases: object[] = [
    { model: long },
    { reasoning_effort: long },
    { user: long },
    { metadata: { [long]: 'v' } },
    { messages: [{ role: long }] },
    { messages: [{ role: 'user', content: [{ type: long }] }] },
  ]
  for (const members of cases) {
    const failure = refusal(() => parseWith(members))
    t.ok(failure.message.length < 500, `${failure.message.length} characters`)
    t.ok((failure.param ?? '').length < 100)
  }
})

await t.test('keys that mean something to JavaScript', async (t) => {
  const text =
    '{"model":"sonnet","question":"q","__proto__":{"stream":true},"constructor":1,"toString":2,' +
    '"metadata":{"__proto__":"x","constructor":"c"}}'
  const { value } = validate(chatRequestSchema, JSON.parse(text))
  t.not(value?.stream, true)
  const parsed = parse(JSON.parse(text))
  t.equal(parsed.delivery, 'block')
  t.same(parsed.ignored, ['constructor', 'toString'])
  t.equal(parsed.metadata.constructor, 'c')
  t.notOk('stream' in {}, 'no prototype was changed')
})

await t.test('deep nesting anywhere', async (t) => {
  const deep = (): object => {
    let value = {}
    for (let depth = 0; depth < 100_000; depth++) value = { a: value }
    return value
  }
  const check = (body: object) => {
    try {
      return parseValue(body).ignored.join()
    } catch (error) {
      if (error instanceof BridgeError) return error.failure.code
      throw error
    }
  }
  const base = { model: 'sonnet', messages: user }
  for (const name of [...Object.keys(fields), 'unknown']) {
    t.doesNotThrow(() => check({ ...base, [name]: deep() }), `${name}: an answer, not a crash`)
  }
  t.equal(check({ ...base, messages: [deep()] }), 'missing_required_parameter')
  t.equal(check({ ...base, messages: [{ ...user[0], more: deep() }] }), 'messages[].more')
})

await t.test('big requests are quick', async (t) => {
  const roles = ['user', 'assistant']
  const many = Array.from({ length: 10_000 }, (_, i) => ({ role: roles[i % 2], content: `m${i}` }))
  const parts = Array.from({ length: 300_000 }, () => ({ type: 'text', text: 'a' }))
  const bodies = {
    '10,000 messages': { messages: [...many, user[0]] },
    '10,000 user messages': { messages: many.map((message) => ({ ...message, role: 'user' })) },
    '10,000 wrong messages': { messages: many.map(() => ({ role: 'user', content: [{ type: 'x' }] })) },
    '300,000 parts': { messages: [{ role: 'user', content: parts }] },
    '10,000 unknown members': Object.fromEntries(many.map(({ content }) => [content, 1])),
  }
  for (const [name, members] of Object.entries(bodies)) {
    const start = performance.now()
    try {
      parseWith(members)
    } catch (error) {
      t.match(error, { failure: { param: 'messages[0].content[0].type' } })
    }
    const ms = performance.now() - start
    // far above what a busy machine takes, far below what anything quadratic would
    t.ok(ms < 10_000, `${name}: ${Math.round(ms)} ms`)
  }
})

await t.test('the schema becomes JSON Schema with a description of every field', async (t) => {
  const schema = z.toJSONSchema(chatRequestSchema, { io: 'input', target: 'draft-2020-12' })
  t.same(schema.required, ['model'])
  for (const [name, property] of Object.entries(schema.properties!)) {
    t.type((property as { description?: string }).description, 'string', name)
  }
  t.equal(Object.keys(schema.properties!).length, Object.keys(fields).length + 1)
})
