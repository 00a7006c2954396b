/** Models of other providers, taken with the official client: streamed, awaited, polled, with everything that belongs to an answer. */
import t from 'tap'
import { clientOf, collect, question, streamed, textOf } from '../clients/openai.js'
import { gate, startBridge, until } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { message } from '../standin/index.js'
import type { Completion, Task } from '../../src/openai/out/response-schemas.js'
import { answer, chunk, open, send, startProvider, stream, usage } from './provider.js'

const secret = 'sk-upstream-very-secret-key'
const provider = await startProvider(t)
const settings = {
  acme: {
    base_url: `${provider.url}/api/v1/`,
    api_key_env: 'ACME_KEY',
    models: [
      'big-model',
      { id: 'slow-model', long_running: true, default: 'poll', timeout: 5000 },
      { id: 'steady-model', long_running: true },
    ],
    headers: { 'x-title': 'Test' },
  },
  open: { base_url: provider.url, models: '*' },
}
const bridge = await startBridge(t, {
  env: { UPSTREAMS: JSON.stringify(settings), ACME_KEY: secret, MAX_CONCURRENT: '1', JOB_TIMEOUT_S: '60' },
})
const client = clientOf(bridge)
const chat = '/v1/chat/completions'
const model = 'acme/big-model'
const openaiUsage = {
  prompt_tokens: 100,
  completion_tokens: 20,
  total_tokens: 120,
  prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 8 },
}
const limits = { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '59', 'x-other': 'no' }

await t.test('block: what the provider is asked, and its answer', async (t) => {
  provider.when('U-block', answer('Hello there.', limits))
  const { data, response } = await client.chat.completions.create(question('U-block', { model })).withResponse()
  t.match(data, {
    object: 'chat.completion',
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there.' }, finish_reason: 'stop' }],
    usage: openaiUsage,
    bridge: { task_id: /^task_/, model: 'big-model-2026-01-01', attempts: 1, ignored: [] },
  })
  const headers = Object.fromEntries(response.headers)
  t.match(headers, { 'x-bridge-model': 'big-model-2026-01-01', 'x-ratelimit-remaining-requests': '59' })
  t.notOk('x-other' in headers)
  const [asked] = provider.of('U-block')
  t.match(asked, {
    path: '/api/v1/chat/completions',
    headers: { authorization: `Bearer ${secret}`, 'x-title': 'Test', 'content-type': 'application/json' },
  })
  t.strictSame(asked!.body, {
    messages: [{ role: 'user', content: 'U-block' }],
    model: 'big-model',
    stream: true,
    stream_options: { include_usage: true },
  })
})

await t.test('stream: tokens as they are made, in the order clients need', async (t) => {
  const { opened, open: go } = gate()
  provider.when('U-live', async (response) => {
    open(response, limits)
    send(response, chunk({ role: 'assistant', content: 'one ' }))
    await opened
    send(response, chunk({ content: 'two' }), chunk({}, 'stop'), { ...chunk({}), choices: [], usage })
    response.end('data: [DONE]\n\n')
  })
  const params = streamed('U-live', { model: 'big-model', stream_options: { include_usage: true } })
  const { data, response } = await client.chat.completions.create(params).withResponse()
  const deltas: unknown[] = []
  let last: unknown
  for await (const one of data) {
    deltas.push(one.choices[0] && [one.choices[0].delta, one.choices[0].finish_reason])
    if (one.choices[0]?.delta.content === 'one ') go()
    last = one
  }
  t.strictSame(deltas, [
    [{ role: 'assistant', content: '' }, null],
    [{ content: 'one ' }, null],
    [{ content: 'two' }, null],
    [{}, 'stop'],
    undefined,
  ])
  t.match(last, { usage: openaiUsage, model: 'big-model' })
  const headers = Object.fromEntries(response.headers)
  t.match(headers, { 'x-bridge-model': 'big-model-2026-01-01', 'x-ratelimit-limit-requests': '60' })
})

await t.test('poll, and the events of the task', async (t) => {
  provider.when('U-poll', answer('later'))
  const accepted = await bridge.post(chat, { ...question('U-poll', { model }), background: true })
  t.equal(accepted.status, 202)
  const { id } = (await accepted.json()) as Task
  const task = (await (await bridge.get(`/tasks/${id}?wait=30`)).json()) as Task
  t.match(task, { status: 'completed', result: { choices: [{ message: { content: 'later' } }] }, usage: openaiUsage })
  const types = (await framesOf(await bridge.get(`/tasks/${id}/events`))).map((frame) => frame.event).filter(Boolean)
  t.strictSame(types, ['status', 'status', 'status', 'status', 'status', 'text', 'usage', 'finish', 'end'])
})

await t.test('every field goes on, except what is the bridge’s own', async (t) => {
  provider.when('U-fields', answer('ok'))
  const passed = {
    temperature: 0.3,
    top_p: 0.9,
    seed: 7,
    frequency_penalty: 1,
    logit_bias: { '50': 1 },
    stop: ['x'],
    max_tokens: 5,
    max_completion_tokens: 6,
    reasoning_effort: 'minimal',
    response_format: { type: 'json_object' },
    verbosity: 'low',
    user: 'u-1',
    prompt_cache_key: 'k',
    web_search_options: {},
    provider: { order: ['a'] },
    min_p: 0.1,
  }
  const own = { metadata: { a: 'b' }, store: true, timeout: 30, n: 1, stream: false, wait_for_completion: true }
  const messages = [
    { role: 'developer', content: 'Be brief.', name: 'dev' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'look' },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'functions.look:0', type: 'function', function: { name: 'look', arguments: '{"a": 1}' } }],
    },
    { role: 'tool', tool_call_id: 'functions.look:0', content: 'seen' },
    { role: 'user', content: 'U-fields' },
  ]
  const response = await bridge.post(chat, { model: 'open/any-name:free', messages, ...passed, ...own })
  t.match(await response.json(), { metadata: { a: 'b' }, bridge: { ignored: [] } })
  const [asked] = provider.of('U-fields')
  t.equal(asked!.path, '/chat/completions')
  t.strictSame(asked!.body, {
    messages,
    ...passed,
    model: 'any-name:free',
    stream: true,
    stream_options: { include_usage: true },
  })
  t.notOk('authorization' in asked!.headers, 'a provider without a key is asked without one')
})

await t.test('tool calls, parallel and in pieces', async (t) => {
  const piece = (index: number, text: string, more: object = {}) =>
    chunk({
      tool_calls: [{ index, function: { arguments: text, ...more }, ...('name' in more && { id: `call:${index}`, type: 'function' }) }],
    })
  provider.when(
    'U-tools',
    stream([
      chunk({ role: 'assistant', content: null }),
      piece(0, '', { name: 'weather' }),
      piece(0, '{"city":'),
      piece(1, '{}', { name: 'time' }),
      piece(0, '"Oslo"}'),
      chunk({}, 'tool_calls'),
    ]),
  )
  const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } }]
  const calls = [
    { id: 'call:0', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
    { id: 'call:1', type: 'function', function: { name: 'time', arguments: '{}' } },
  ]
  const blocked = await client.chat.completions.create(question('U-tools', { model, tools, tool_choice: 'required' }))
  t.match(blocked.choices[0], { finish_reason: 'tool_calls', message: { content: null, tool_calls: calls } })
  t.match(provider.of('U-tools')[0]!.body, { tools, tool_choice: 'required' })
  const helper = client.chat.completions.stream({ ...streamed('U-tools', { model, tools }) })
  const final = await helper.finalChatCompletion()
  t.match(final.choices[0]!.message.tool_calls, calls)
})

await t.test('reasoning, refusal, length, several answers', async (t) => {
  provider.when(
    'U-think',
    stream([chunk({ reasoning_content: 'let me' }), chunk({ reasoning: ' see' }), chunk({ content: 'so' }), chunk({}, 'stop')]),
  )
  const thought = await client.chat.completions.create(question('U-think', { model }))
  t.match(thought.choices[0]!.message, { content: 'so', reasoning_content: 'let me see' })
  provider.when('U-refuse', stream([chunk({ refusal: 'I will ' }), chunk({ refusal: 'not.' }), chunk({}, 'stop')]))
  const refused = await client.chat.completions.create(question('U-refuse', { model }))
  t.match(refused.choices[0], { finish_reason: 'stop', message: { content: null, refusal: 'I will not.' } })
  provider.when('U-filter', stream([chunk({ content: 'half' }), chunk({}, 'content_filter')]))
  t.match((await client.chat.completions.create(question('U-filter', { model }))).choices[0], { finish_reason: 'content_filter' })
  provider.when('U-long', stream([chunk({ content: 'half' }), chunk({}, 'length')]))
  t.match((await client.chat.completions.create(question('U-long', { model }))).choices[0], { finish_reason: 'length' })
  provider.when('U-many', answer('first'), answer('second'))
  const many = await client.chat.completions.create(question('U-many', { model, n: 2 }))
  t.strictSame(many.choices.map((choice) => choice.message.content).sort(), ['first', 'second'])
  t.equal(many.usage!.total_tokens, 240)
  t.ok(provider.of('U-many').every(({ body }) => !('n' in body)))
})

await t.test('a provider that does not stream, and one that is not quite like OpenAI', async (t) => {
  provider.when('U-json', (response) => {
    const body = { model: 'm', choices: [{ message: { role: 'assistant', content: 'all at once' }, finish_reason: 'stop' }], usage }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  t.equal(textOf(await collect(await client.chat.completions.create(streamed('U-json', { model })))), 'all at once')
  provider.when('U-odd', (response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write(': PROCESSING\r\n\r\n')
    response.write('data: {"choices":[{"delta":{"content":[{"type":"text","text":"parts"}]}}]}\r\n\r\n')
    // the whole message again, as some send it at the end, and no [DONE]
    response.end('data: {"choices":[{"delta":{},"message":{"content":"parts"},"finish_reason":"eos"}]}\n')
  })
  const odd = await client.chat.completions.create(question('U-odd', { model }))
  t.match(odd.choices[0], { finish_reason: 'stop', message: { content: 'parts' } })
  t.notOk(odd.usage, 'no usage is made up')
})

await t.test('what the operator says of a model', async (t) => {
  provider.when('U-slow', answer('slow'))
  const polled = await bridge.post(chat, question('U-slow', { model: 'slow-model' }))
  t.equal(polled.status, 202, 'polled where nothing is said of it')
  t.match(await polled.json(), { object: 'task', background: true })
  for (const [more, headers] of [
    [{ wait_for_completion: true }, {}],
    [{ background: false }, {}],
    [{}, { prefer: 'wait=5' }],
  ] as const) {
    t.equal((await bridge.post(chat, { ...question('U-slow', { model: 'slow-model' }), ...more }, headers)).status, 200)
  }
  const chunks = await collect(await client.chat.completions.create(streamed('U-slow', { model: 'slow-model' })))
  t.equal(textOf(chunks), 'slow')
  // long_running alone: its job outlives the connection
  const { opened, open: go } = gate()
  provider.when('U-steady', async (response, asked) => {
    await opened
    await answer('still here')(response, asked)
  })
  const leaving = new AbortController()
  const gone = bridge.post(chat, question('U-steady', { model: 'steady-model' }), {}, leaving.signal).catch(() => null)
  await until(() => provider.of('U-steady').length === 1)
  leaving.abort()
  await gone
  await new Promise((resolve) => setTimeout(resolve, 100))
  go()
  const find = async () => ((await (await bridge.get('/tasks?model=steady-model')).json()) as { data: Task[] }).data[0]!
  const { id } = await find()
  t.match(await (await bridge.get(`/tasks/${id}?wait=20`)).json(), { status: 'completed' })
})

await t.test('names', async (t) => {
  const list = (await (await bridge.get('/v1/models')).json()) as { data: { id: string; owned_by: string }[] }
  t.match(
    list.data.find(({ id }) => id === 'big-model'),
    { owned_by: 'acme' },
  )
  t.match(await (await bridge.get('/v1/models/acme/big-model')).json(), { id: 'acme/big-model', owned_by: 'acme' })
  t.match(await (await bridge.get('/v1/models/open/what/ever')).json(), { id: 'open/what/ever', owned_by: 'open' })
  for (const name of ['acme/other', 'other-model', 'acme/', 'open/', 'open/two words']) {
    const response = await bridge.post(chat, question('x', { model: name }))
    t.equal(response.status, 404, name)
    t.match(await response.json(), { error: { code: 'model_not_found', param: 'model', message: /big-model.*open\/<any model>/s } })
  }
  t.match(await (await bridge.get('/health')).json(), { upstreams: { providers: [{ name: 'acme', ok: true }, { name: 'open' }] } })
})

await t.test('what would become of a request', async (t) => {
  const body = { ...question('x', { model, seed: 1 }), fallbacks: ['sonnet'] }
  const check = (await (await bridge.post('/v1/chat/completions/check', body)).json()) as object
  t.match(check, { ok: true, honoured: ['model', 'messages', 'seed', 'fallbacks'], ignored: ['fallbacks[0].seed'] })
})

await t.test('fields that no answer could carry are refused', async (t) => {
  for (const [name, value] of Object.entries({ logprobs: true, audio: { voice: 'a' }, mcp_servers: ['x'], allowed_tools: ['Read'] })) {
    const response = await bridge.post(chat, { ...question('x', { model }), [name]: value })
    t.equal(response.status, 400, name)
    t.match(await response.json(), { error: { param: name } })
  }
})

await t.test('fields for the CLI that say nothing are no reason to refuse', async (t) => {
  const cases = { mcp_config: { mcpServers: null }, mcp_servers: { a: null }, allowed_tools: [] }
  for (const [name, value] of Object.entries(cases)) {
    const check = await bridge.post('/v1/chat/completions/check', { ...question('x', { model }), [name]: value })
    t.match(await check.json(), { ok: true }, name)
  }
})

await t.test('fifty at once, while the one CLI slot is taken', async (t) => {
  const { opened, open: go } = gate()
  bridge.standin.when('U-claude', message('done', { hold: { afterDeltas: 0, until: opened } }))
  const claude = bridge.post(chat, question('U-claude'))
  await bridge.asked('U-claude')
  for (let i = 0; i < 50; i++) provider.when(`U-crowd-${i}.`, answer(`number ${i}`))
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => client.chat.completions.create(question(`U-crowd-${i}.`, { model }))),
  )
  t.strictSame(
    answers.map(({ choices }) => choices[0]!.message.content),
    Array.from({ length: 50 }, (_, i) => `number ${i}`),
  )
  go()
  t.equal((await claude).status, 200)
  const before = provider.connections
  for (let i = 0; i < 5; i++) await client.chat.completions.create(question('U-crowd-1.', { model }))
  t.ok(provider.connections - before < 5, 'connections are used again')
})

await t.test('a huge answer', async (t) => {
  const piece = 'x'.repeat(100_000)
  provider.when('U-huge', stream([...Array.from({ length: 50 }, () => chunk({ content: piece })), chunk({}, 'stop')]))
  const completion = (await (await bridge.post(chat, question('U-huge', { model }))).json()) as Completion
  t.equal(completion.choices[0]!.message.content!.length, 5_000_000)
})

await t.test('the key is nowhere but in the call', (t) => {
  t.notMatch(bridge.logs.join('\n'), secret)
  t.ok(provider.asked.some(({ headers }) => headers.authorization?.includes(secret)))
  t.end()
})
