/** Every field of OpenAI's request and of the bridge is honoured, refused or named as ignored; none is silent. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import t from 'tap'
import { fields } from '../../src/openai/in/honoured-fields.js'
import { ignoredHeader } from '../../src/request/ignored.js'
import { parseWith, refusal } from './parse.js'
import { parseWith as parseResponse } from './responses/make.js'

await t.test('refused, as the caller would get something else', async (t) => {
  const cases: [object, string, string?][] = [
    [{ logprobs: true }, 'logprobs'],
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ audio: { voice: 'alloy', format: 'wav' } }, 'audio'],
    [{ modalities: ['text', 'audio'] }, 'modalities', 'unsupported_value'],
    [{ web_search_options: {} }, 'web_search_options'],
    [{ moderation: { model: 'm' } }, 'moderation'],
    [{ n: 9 }, 'n', 'unsupported_value'],
  ]
  for (const [members, param, code = 'unsupported_parameter'] of cases) {
    const failure = refusal(() => parseWith(members))
    t.match(failure, { code, param }, failure.message)
  }
})

await t.test('named as ignored', async (t) => {
  const cases: [object, string[]][] = [
    [{ temperature: 0 }, ['temperature']],
    [{ top_p: 0.5, top_k: 3, seed: 0 }, ['top_p', 'top_k', 'seed']],
    [{ frequency_penalty: 1, presence_penalty: -1 }, ['frequency_penalty', 'presence_penalty']],
    [{ logit_bias: { '50256': -100 } }, ['logit_bias']],
    [{ verbosity: 'low', service_tier: 'flex' }, ['verbosity', 'service_tier']],
    [{ prompt_cache_key: 'k', prompt_cache_retention: '24h' }, ['prompt_cache_retention']],
    [
      { tools: [{ type: 'function', function: { name: 'f', strict: true, returns: 'x' } }] },
      ['tools[].function.strict', 'tools[].function.returns'],
    ],
    [{ prediction: { type: 'content', content: 'x' } }, ['prediction']],
    [{ debug_tool_name: 'x', original_user_prompt: 'y' }, ['debug_tool_name', 'original_user_prompt']],
    [{ provider: {}, transforms: [], tags: ['a'] }, ['provider', 'transforms', 'tags']],
    [{ question: 'q' }, ['question']],
    [{ stream: true, stream_options: { include_obfuscation: true } }, ['stream_options.include_obfuscation']],
    [{ max_tokens: 5, max_completion_tokens: 6 }, ['max_tokens']],
    [{ user: 'a', safety_identifier: 'b' }, ['safety_identifier']],
  ]
  for (const [members, ignored] of cases) t.same(parseWith(members).ignored, ignored, JSON.stringify(members))
})

await t.test('not worth a word: defaults, nothing at all, and what is honoured', async (t) => {
  const cases: object[] = [
    Object.fromEntries(
      Object.keys(fields)
        .filter((name) => name !== 'messages')
        .map((name) => [name, null]),
    ),
    { tools: [], functions: [], allowed_tools: [], validation: [], fallbacks: [] },
    { mcp_servers: [], mcp_config: {}, retry_config: {} },
    { mcp_config: { mcpServers: {} } },
    { logprobs: false, top_logprobs: 0, n: 1, default_validate: false, parallel_tool_calls: true },
    { temperature: 1, top_p: 1, frequency_penalty: 0, presence_penalty: 0, logit_bias: {} },
    { verbosity: 'medium', service_tier: 'auto', modalities: ['text'], response_format: { type: 'text' } },
    { max_tokens: 5, max_completion_tokens: 5, user: 'a', safety_identifier: 'a' },
    { tools: [{ type: 'function', function: { name: 'f', strict: false } }], tool_choice: 'auto' },
    { tool_choice: 'none', parallel_tool_calls: false },
    { stop: 'x', reasoning_effort: 'low', metadata: { a: 'b' }, store: true, timeout: 5, max_cost_usd: 1, background: true },
    { stream: true, stream_options: { include_usage: true, include_obfuscation: false } },
  ]
  for (const members of cases) t.same(parseWith(members).ignored, [], JSON.stringify(members).slice(0, 90))
})

await t.test('the table has every field of the official client', async (t) => {
  const main = createRequire(import.meta.url).resolve('openai')
  const types = readFileSync(main.replace(/index\.js$/, 'resources/chat/completions/completions.d.ts'), 'utf8')
  const start = types.indexOf('export interface ChatCompletionCreateParamsBase {')
  const body = types.slice(start, types.indexOf('\n}', start))
  const names = [...body.matchAll(/^ {4}(\w+)\??:/gm)].map((match) => match[1]!)
  t.ok(names.length > 30, `${names.length} fields found`)
  for (const name of names) t.ok(name === 'model' || name in fields, name)
})

await t.test('the list of names', async (t) => {
  const { ignored } = parseWith(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i}x`.repeat(50), 1])))
  t.equal(ignored.length, 65, 'has an end')
  t.equal(ignored.at(-1), '…')
  t.ok(ignored.every((name) => name.length <= 65))

  t.equal(ignoredHeader([]), null)
  t.equal(ignoredHeader(['top_p', 'messages[].name']), 'top_p, messages[].name')
  t.equal(ignoredHeader(['a\r\nset-cookie: x', 'ü,😀']), 'a%0D%0Aset-cookie%3A%20x, %C3%BC%2C%F0%9F%98%80')
  t.match(ignoredHeader(['\ud800']), /^[\x21-\x7e]+$/)
})

await t.test('a field without effect is named whatever its value', async (t) => {
  const names = Object.entries(fields).flatMap(([name, { does }]) => (does === 'ignored' ? [name] : []))
  t.ok(names.length > 8)
  for (const value of [99, -1.5, 'hot', true, ['x'], { a: 1 }]) {
    const members = Object.fromEntries(names.map((name) => [name, value]))
    t.strictSame(parseWith(members).ignored.sort(), [...names].sort(), JSON.stringify(value))
  }
  t.strictSame(parseWith({ service_tier: 'on_demand' }).ignored, ['service_tier'])
  t.strictSame((await parseResponse({ truncation: 'later', max_tool_calls: 'two', include: 7, temperature: 9 })).ignored.sort(), [
    ...['include', 'max_tool_calls', 'temperature', 'truncation'],
  ])
})

await t.test('one list says what is empty, for every field', async (t) => {
  // the request is nothing without its messages, and an empty list of these says something
  const meant = ['messages', 'allowed_tools', 'fallbacks']
  for (const empty of ['', [], [''], {}, [null]]) {
    for (const [name, { does }] of Object.entries(fields)) {
      const isObject = typeof empty === 'object' && !Array.isArray(empty)
      if (meant.includes(name) || (does === 'refused' && isObject)) continue
      const { ignored, run } = parseWith({ [name]: empty })
      t.strictSame(ignored, [], `${name}: ${JSON.stringify(empty)}`)
      t.strictSame(run, parseWith({}).run, name)
    }
  }
  t.equal(parseWith({ tools: [{ type: 'function', function: { name: 'f' } }], functions: [] }).run.parallelToolCalls, undefined)
  t.equal(refusal(() => parseWith({ web_search_options: {} })).param, 'web_search_options')
  t.strictSame((await parseResponse({ conversation: '', tools: [], text: {}, reasoning: {}, stop: [''], include: [] })).ignored, [])
})
