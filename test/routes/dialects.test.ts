/** Requests in the words of other APIs, and conversations with an odd past, as they reach the model. */
import t from 'tap'
import { forcible, onlyParked, startBridge } from '../helper.js'
import { type RecordedRequest, contains, message, offered, structuredOutput, systemText, toolResults, toolUse } from '../standin/index.js'

const bridge = await startBridge(t, { warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const user = (content: unknown) => ({ role: 'user', content })
const said = (content: unknown) => ({ role: 'assistant', content })
const callsOf = (marker: string): RecordedRequest[] => standin.calls.filter((call) => contains(call, marker))

interface Answer {
  choices: { message: { content: string | null; tool_calls?: { id: string; function: { name: string; arguments: string } }[] } }[]
  bridge: { ignored: string[] }
  error?: { code: string; param: string | null; message: string }
}

async function chat(body: object, status = 200): Promise<Answer> {
  const response = await bridge.post('/v1/chat/completions', { model: 'sonnet', ...body })
  const answer = (await response.json()) as Answer
  t.equal(response.status, status, JSON.stringify(answer.error))
  return answer
}

await t.test("Anthropic's tools, choice, system and history: a whole loop", async (t) => {
  standin.when('D-loop', message(toolUse(offered('look'), { at: 'door' }, 'toolu_D')), message('A door.'))
  const tools = [{ name: 'look', description: 'Looks', input_schema: { type: 'object', properties: { at: { type: 'string' } } } }]
  const ask = { model: forcible, system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }], tools }
  const first = await chat({ ...ask, tool_choice: { type: 'any' }, messages: [user('D-loop')] })
  t.match(callsOf('D-loop')[0]!.body.tool_choice, { type: 'any' })
  t.equal(systemText(callsOf('D-loop')[0]!), 'Be brief.')
  t.match(first.choices[0]!.message.tool_calls, [{ function: { name: 'look', arguments: '{"at":"door"}' } }])
  t.strictSame(first.bridge.ignored, ['system[].cache_control'])
  const messages = [
    user('D-loop'),
    said([
      { type: 'thinking', thinking: 'x', signature: 'y' },
      { type: 'tool_use', id: 'toolu_D', name: 'look', input: { at: 'door' } },
    ]),
    user([{ type: 'tool_result', tool_use_id: 'toolu_D', content: 'red' }]),
  ]
  const second = await chat({ ...ask, tool_choice: { type: 'auto' }, messages })
  t.equal(second.choices[0]!.message.content, 'A door.')
  t.match(toolResults(callsOf('D-loop')[1]!), [{ text: 'red' }])
  t.strictSame(second.bridge.ignored, ['messages[].content[].thinking', 'system[].cache_control'].sort())
})

await t.test('schemas where other servers take them', async (t) => {
  const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false }
  for (const [index, response_format] of [
    { type: 'json_object', schema },
    { type: 'json_schema', schema },
    { type: 'json_schema', name: 'n', schema, strict: true },
    { type: 'json_schema', json_schema: { schema } },
  ].entries()) {
    standin.when(`D-schema-${index}`, message(structuredOutput({ n: 1 })))
    t.equal((await chat({ messages: [user(`D-schema-${index}`)], response_format })).choices[0]!.message.content, '{"n":1}')
    const tool = (callsOf(`D-schema-${index}`)[0]!.body.tools as { name: string; input_schema: object }[]).find(
      ({ name }) => name === 'StructuredOutput',
    )
    t.match(tool!.input_schema, { properties: { n: { type: 'integer' } } }, 'the model sees the schema')
  }
  const wrong = await chat({ messages: [user('x')], response_format: { type: 'json_object', schema: { type: 'array' } } }, 400)
  t.match(wrong.error, { code: 'invalid_json_schema', param: 'response_format.schema' })
})

await t.test('base64 in lines, arguments as objects, calls without ids', async (t) => {
  standin.when('D-loose', message('ok'))
  const wrapped = `${png.slice(0, 4)}\r\n${png.slice(4)}\n`
  await chat({
    messages: [
      user([
        { type: 'text', text: 'D-loose' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${wrapped}` } },
      ]),
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { type: 'function', function: { name: 'f', arguments: { a: 1 } } },
          { id: '', function: { name: 'f', arguments: 'null' } },
        ],
      },
      { role: 'tool', tool_call_id: '', content: null },
      { role: 'tool', tool_call_id: '', content: 'two' },
    ],
  })
  const blocks = callsOf('D-loose')[0]!.body.messages!.flatMap(({ content }) => (typeof content === 'string' ? [] : content)) as Record<
    string,
    unknown
  >[]
  t.match(
    blocks.find(({ type }) => type === 'image'),
    { source: { data: png } },
  )
  t.match(
    blocks.filter(({ type }) => type === 'tool_use').map(({ input }) => input),
    [{ a: 1 }, {}],
  )
  t.match(
    toolResults(callsOf('D-loose')[0]!).map(({ text }) => text),
    ['', 'two'],
  )
})

await t.test('ids that the CLI would take for one', async (t) => {
  for (const [index, ids] of [
    ['x', 'x_2'],
    ['x_02', 'x'],
    ['call_1', 'call_1_2'],
    ['same', 'same_1'],
  ].entries()) {
    const marker = `D-ids-${index}`
    standin.when(marker, message('ok'))
    await chat({
      messages: [
        user(marker),
        {
          role: 'assistant',
          content: null,
          tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
        },
        ...ids.map((id) => ({ role: 'tool', tool_call_id: id, content: `of ${id}` })),
      ],
    })
    t.strictSame(
      toolResults(callsOf(marker)[0]!).map(({ text }) => text),
      ids.map((id) => `of ${id}`),
    )
  }
})

await t.test('entries of MCP configs by other names, and those that mean something else', async (t) => {
  const check = async (server: object) => {
    const body = { model: 'sonnet', messages: [user('x')], mcp_config: { mcpServers: { one: server } } }
    return (await (await bridge.post('/v1/chat/completions/check', body)).json()) as {
      ok: boolean
      ignored: string[]
      error: { code: string; param: string } | null
    }
  }
  for (const member of [{ disabled: true }, { enabled: false }, { disabledTools: ['x'] }, { cwd: '/somewhere' }]) {
    const { error } = await check({ command: 'npx', args: ['-y', 'x'], ...member })
    t.match(error, { code: 'unsupported_parameter', param: `mcp_config.mcpServers.one.${Object.keys(member)[0]!}` })
  }
  for (const server of [
    { transport: 'streamableHttp', url: 'https://example.com/mcp' },
    { type: 'streamableHttp', httpUrl: 'https://example.com/mcp' },
    { command: ['npx', '-y', 'x'], environment: { A: 'b' }, disabled: false },
  ]) {
    const { ignored, error } = await check(server)
    // this server allows neither: what is wrong is not how they are written
    t.equal(error?.code, 'mcp_server_not_allowed', JSON.stringify(error))
    t.strictSame(ignored, [])
  }
})

await t.test('an odd past: live and replayed, the model is told the same', async (t) => {
  const told = (call: RecordedRequest, marker: string) => {
    const plain = JSON.stringify(call.body.messages, (key, value: unknown) => (key === 'cache_control' ? undefined : value))
    return (JSON.parse(plain.replaceAll(marker, 'MARKER')) as { role: string }[]).filter(({ role }) => role !== 'system')
  }
  const past = (marker: string) => [
    user(marker),
    said([
      { type: 'text', text: 'see' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
    ]),
    user(''),
    said('still here'),
    { role: 'tool', tool_call_id: 'odd', content: 'a result' },
    said('noted'),
    { role: 'assistant', content: null, tool_calls: [{ id: 'never', type: 'function', function: { name: 'f', arguments: '{}' } }] },
    user('go on'),
    said('done'),
  ]
  for (const marker of ['D-past-live', 'D-past-replay']) {
    standin.when(marker, message('one'), message('two'))
    const messages: unknown[] = [...past(marker), user('first')]
    if (marker === 'D-past-live') {
      const first = await chat({ messages })
      t.strictSame(first.bridge.ignored.sort(), [
        ...['messages[].content', 'messages[].content[].image_url', 'messages[].tool_call_id', 'messages[].tool_calls[].id'],
      ])
    }
    messages.push(said('one'), user('second'))
    await chat({ messages })
  }
  const live = callsOf('D-past-live')
  t.equal(new Set(live.map((call) => call.headers['x-claude-code-session-id'])).size, 1, 'it went on in its process')
  t.strictSame(told(live[1]!, 'D-past-live'), told(callsOf('D-past-replay')[0]!, 'D-past-replay'))
  t.ok(contains(live[1]!, png), 'the image of the assistant is there')

  const strict = await chat({ messages: [user('a'), said('b'), user('')] }, 400)
  t.match(strict.error, { code: 'invalid_value', param: 'messages[2].content' })
})

await t.test('the same over the Responses API', async (t) => {
  standin.when('D-items', message('ok'))
  const input = [
    { role: 'user', content: [] },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'D-items' },
        { type: 'input_image', file_id: 'file-1' },
      ],
    },
    { type: 'item_reference', id: 'msg_unknown' },
    {
      role: 'assistant',
      content: [
        { type: 'output_text', text: 'see' },
        { type: 'input_image', image_url: `data:image/png;base64,${png}` },
      ],
    },
    { type: 'function_call_output', call_id: 'odd', output: 'a result' },
    { type: 'function_call', call_id: 'never', name: 'f', arguments: {} },
    {
      role: 'assistant',
      content: [
        { type: 'reasoning_text', text: 'hm' },
        { type: 'output_text', text: 'done' },
      ],
    },
    { role: 'user', content: 'go on' },
  ]
  const response = await bridge.post('/v1/responses', { model: 'sonnet', input })
  const answer = (await response.json()) as Answer
  t.equal(response.status, 200, JSON.stringify(answer.error))
  t.strictSame(answer.bridge.ignored.sort(), [
    ...['input[].call_id', 'input[].content', 'input[].content[].file_id', 'input[].content[].image_url'],
    ...['input[].content[].reasoning_text', 'input[].item_reference'],
  ])
  t.ok(contains(callsOf('D-items')[0]!, 'a result'))
})

await t.test('schemas that the API accepts are taken, and hold', async (t) => {
  const properties = {
    url: { type: 'string', pattern: '^https\\:\\/\\/' },
    kind: { type: 'string', pattern: '(?i)^x' },
    either: { nullable: true, anyOf: [{ type: 'string' }, { type: 'number' }] },
    other: { nullable: true, $ref: '#/$defs/other' },
    old: { id: 'http://example.com/old', type: 'string' },
    open: { enum: [] },
  }
  const schema = { type: 'object', properties, required: Object.keys(properties), $defs: { other: { type: 'integer' } } }
  const right = { url: 'https://a', kind: 'Xy', either: null, other: null, old: 'o', open: 1 }
  const response_format = { type: 'json_schema', json_schema: { name: 'n', schema } }
  const ask = (marker: string) => ({ messages: [user(marker)], response_format })
  standin.when('D-right', message(structuredOutput(right)))
  t.strictSame(JSON.parse((await chat(ask('D-right'))).choices[0]!.message.content!), right)
  const told = callsOf('D-right')[0]!.body.tools as { name: string }[]
  t.ok(
    told.some(({ name }) => name === 'StructuredOutput'),
    'the CLI has not dropped it',
  )
  // a pattern that the CLI does not know holds all the same
  standin.when('D-wrong', message(structuredOutput({ ...right, kind: 'no' })))
  t.match((await chat(ask('D-wrong'), 502)).error, { code: 'output_not_valid' })

  standin.when('D-tool', message('ok'))
  const parameters = { type: 'object', properties, $defs: schema.$defs }
  await chat({ messages: [user('D-tool')], tools: [{ type: 'function', function: { name: 'f', parameters } }] })
  t.match(callsOf('D-tool')[0]!.body.tools, [{ input_schema: { properties: { url: properties.url, either: { nullable: true } } } }])

  for (const [wrong, place] of [
    [{ pattern: '(' }, 'properties/a'],
    [{ items: { anyOf: [{}, { nullable: false, type: 'null' }] } }, 'properties/a/items/anyOf/1'],
  ] as const) {
    const { error } = await chat(
      {
        messages: [user('x')],
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object', properties: { a: wrong } } } },
      },
      400,
    )
    t.ok(error!.message.includes(`(at ${place})`), error!.message)
  }
})
