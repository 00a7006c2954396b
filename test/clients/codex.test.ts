/** The requests of Codex (0.171) as it sends them: a whole loop of its tools, in every way in which it can go on. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { markedProcesses } from '../claude/harness.js'
import { forcible, onlyParked, startBridge, until } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { type RecordedRequest, contains, message, text, toolResults, toolUse } from '../standin/index.js'
import { openWorkspaceRoot } from '../../workspace/workspace.js'

const bridge = await startBridge(t, { warm: onlyParked, env: { WARM_PROCESSES: '1' } })
const { standin } = bridge

type Item = Record<string, unknown> & { type: string }
interface Answer {
  id: string
  status: string
  output: Item[]
  output_text?: string
  bridge: { ignored: string[] }
}

const recorded = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../../test/fixtures/codex/first-request.json'), 'utf8')) as {
  input: Item[]
  tools: Item[]
}
const grammar = 'start: begin_patch hunk+ end_patch\nbegin_patch: "*** Begin Patch" LF'
const tools: object[] = [
  ...recorded.tools,
  {
    ...{ type: 'custom', name: 'apply_patch', description: 'Use the tool to edit files. This is a FREEFORM tool.' },
    format: { type: 'grammar', syntax: 'lark', definition: grammar },
  },
  {
    ...{ type: 'namespace', name: 'mcp__docs', description: 'Tools of the docs server.' },
    tools: [
      { type: 'function', name: 'search', description: 'Searches', strict: false, parameters: { type: 'object', properties: {} } },
      { type: 'custom', name: 'note', description: 'Notes a text' },
    ],
  },
  { type: 'local_shell' },
  { type: 'image_generation', output_format: 'png' },
]
const patch = '*** Begin Patch\n*** Add File: "größe".txt\n+tab\there \\ and 🙂\n*** End Patch\n'

const ask = (marker: string, more: object = {}) => ({
  ...{ ...recorded, tools, stream: false },
  input: [...recorded.input, { type: 'message', role: 'user', content: [{ type: 'input_text', text: marker }] }],
  ...more,
})
const callsOf = (marker: string): RecordedRequest[] => standin.calls.filter((call) => contains(call, marker))
const namesIn = (request: RecordedRequest) => (request.body.tools as { name: string }[]).map(({ name }) => name)
const nameIn = (request: RecordedRequest, part: RegExp) => namesIn(request).find((name) => part.test(name)) ?? `missing ${String(part)}`

function script(marker: string): void {
  standin.when(
    marker,
    (request: RecordedRequest) =>
      message([
        text('I edit the file.'),
        toolUse(nameIn(request, /client__exec_command$/), { cmd: 'ls' }, `toolu_${marker}_a`),
        toolUse(nameIn(request, /client__apply_patch$/), { input: patch }, `toolu_${marker}_b`),
        toolUse(nameIn(request, /client__mcp__docs_search_/), { q: 'x' }, `toolu_${marker}_c`),
        toolUse(nameIn(request, /client__multi_agent_v1_close_agent_/), { target: 'one' }, `toolu_${marker}_d`),
        toolUse(nameIn(request, /client__mcp__docs_note_/), { input: 'noted' }, `toolu_${marker}_e`),
      ]),
    message('All done.'),
  )
}

const expected = (marker: string) => [
  { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I edit the file.' }] },
  { type: 'function_call', call_id: `toolu_${marker}_a`, name: 'exec_command', namespace: undefined, arguments: '{"cmd":"ls"}' },
  { type: 'custom_tool_call', call_id: `toolu_${marker}_b`, name: 'apply_patch', namespace: undefined, input: patch, status: 'completed' },
  { type: 'function_call', call_id: `toolu_${marker}_c`, name: 'search', namespace: 'mcp__docs', arguments: '{"q":"x"}' },
  { type: 'function_call', call_id: `toolu_${marker}_d`, name: 'close_agent', namespace: 'multi_agent_v1', arguments: '{"target":"one"}' },
  { type: 'custom_tool_call', call_id: `toolu_${marker}_e`, name: 'note', namespace: 'mcp__docs', input: 'noted' },
]

async function answer(body: object): Promise<Answer> {
  const response = await bridge.post('/v1/responses', body)
  const got = (await response.json()) as Answer
  if (response.status !== 200) throw new Error(JSON.stringify(got))
  return got
}

/** A streamed answer: its events, and the response of the last one. */
async function events(body: object): Promise<{ events: Item[]; last: Answer }> {
  const response = await bridge.post('/v1/responses', { ...body, stream: true })
  const told = (await framesOf(response)).flatMap(({ data }) => (data === undefined ? [] : [JSON.parse(data) as Item]))
  return { events: told, last: (told.at(-1) as unknown as { response: Answer }).response }
}

const outputs = (items: Item[]): object[] =>
  items
    .filter(({ call_id }) => call_id !== undefined)
    .map(({ type, call_id, name }) => ({ type: `${type}_output`, call_id, output: `result of ${String(name)}` }))

async function end(): Promise<void> {
  const root = openWorkspaceRoot(bridge.app.config.dataDir)
  for (const pid of markedProcesses(root)) process.kill(pid, 'SIGKILL')
  await until(() => bridge.app.pool.stats.parked === 0)
  await bridge.idle()
}

/** What the model was told, without what differs from run to run. */
const told = (call: RecordedRequest, marker: string): unknown => {
  const plain = JSON.stringify(call.body.messages, (key, value: unknown) => (key === 'cache_control' ? undefined : value))
  return (JSON.parse(plain.replaceAll(marker, 'MARKER')) as { role: string }[]).filter(({ role }) => role !== 'system')
}

function checkResults(t: Test, marker: string): void {
  const asked = callsOf(marker)
  t.equal(asked.length, 2)
  t.strictSame(
    toolResults(asked[1]!).map(({ text }) => text),
    ['exec_command', 'apply_patch', 'search', 'close_agent', 'note'].map((name) => `result of ${name}`),
  )
}

await t.test('what is offered to the model, and what is left out and named', async (t) => {
  script('X-offer')
  const first = await answer(ask('X-offer'))
  const [call] = callsOf('X-offer')
  const offered = call!.body.tools as { name: string; description: string; input_schema: Record<string, unknown> }[]
  t.equal(offered.length, 7 + 5 + 1 + 2, 'each tool of a namespace by itself')
  t.ok(offered.every(({ name }) => /^[a-zA-Z0-9_-]{1,64}$/.test(name)))
  const edit = offered.find(({ name }) => name.endsWith('apply_patch'))!
  t.match(edit.input_schema, { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] })
  t.ok(edit.description.includes(grammar), 'the grammar is told')
  for (const name of ['tools[].web_search', 'tools[].local_shell', 'tools[].image_generation']) {
    t.ok(first.bridge.ignored.includes(name), name)
  }
})

await t.test('blocking, the whole history sent back: live and replayed', async (t) => {
  for (const [marker, between] of [
    ['X-live', async () => {}],
    ['X-gone', end],
  ] as const) {
    script(marker)
    const first = await answer(ask(marker))
    t.match(first.output, expected(marker))
    await between()
    const { input } = ask(marker)
    const second = await answer(ask(marker, { input: [...input, ...first.output, ...outputs(first.output)] }))
    t.match(second.output, [{ type: 'message', content: [{ text: 'All done.' }] }])
    checkResults(t, marker)
  }
  t.strictSame(told(callsOf('X-live')[1]!, 'X-live'), told(callsOf('X-gone')[1]!, 'X-gone'), 'the model is told the same')
  const processes = new Set(callsOf('X-live').map((call) => call.headers['x-claude-code-session-id']))
  t.equal(processes.size, 1, 'in one process')
})

await t.test('streamed, with events of their own', async (t) => {
  script('X-stream')
  const { events: told, last } = await events(ask('X-stream'))
  t.match(last.output, expected('X-stream'))
  const done = told.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item)
  t.match(done, expected('X-stream'))
  const added = told.filter(({ type }) => type === 'response.output_item.added').map(({ item }) => item as Item)
  t.match(added[2], { type: 'custom_tool_call', name: 'apply_patch', input: '', status: 'in_progress' })
  const ofPatch = told.filter(({ item_id }) => item_id === added[2]!['id'])
  const deltas = ofPatch.filter(({ type }) => type === 'response.custom_tool_call_input.delta')
  t.ok(deltas.length > 1, 'piece by piece')
  t.equal(deltas.map(({ delta }) => delta).join(''), patch)
  t.match(ofPatch.at(-1), { type: 'response.custom_tool_call_input.done', input: patch })
  t.notOk(ofPatch.some(({ type }) => type.includes('function_call_arguments')))
  const { input } = ask('X-stream')
  const second = await events(ask('X-stream', { input: [...input, ...last.output, ...outputs(last.output)] }))
  t.equal(second.last.status, 'completed')
  checkResults(t, 'X-stream')
})

await t.test('over previous_response_id, live and after the process has gone', async (t) => {
  for (const [marker, between] of [
    ['X-previous', async () => {}],
    ['X-stored-gone', end],
  ] as const) {
    script(marker)
    const first = await answer(ask(marker, { store: true }))
    await between()
    const more = { store: true, previous_response_id: first.id, input: outputs(first.output) }
    const second = await answer(ask(marker, more))
    t.match(second.output, [{ content: [{ text: 'All done.' }] }])
    checkResults(t, marker)
    const page = await bridge.get(`/v1/responses/${second.id}/input_items?order=asc&limit=100`)
    const listed = ((await page.json()) as { data: Item[] }).data.filter(({ role }) => role !== 'developer')
    t.match(
      listed.filter(({ type }) => type.startsWith('custom')),
      [
        { type: 'custom_tool_call', name: 'apply_patch', input: patch },
        { type: 'custom_tool_call', name: 'note', namespace: 'mcp__docs' },
        { type: 'custom_tool_call_output', call_id: `toolu_${marker}_b` },
        { type: 'custom_tool_call_output', call_id: `toolu_${marker}_e` },
      ],
    )
  }
})

await t.test('a history with items of other tools is carried where it has words', async (t) => {
  standin.when('X-history', message('Seen.'))
  const { input } = ask('X-history')
  const history = [
    {
      type: 'additional_tools',
      role: 'developer',
      tools: [{ type: 'namespace', name: 'late', tools: [{ type: 'custom', name: 'exec' }] }],
    },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'before' }] },
    { type: 'reasoning', summary: [], encrypted_content: 'x' },
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'weather in Oslo' } },
    {
      type: 'local_shell_call',
      id: 'lsh_1',
      call_id: 'shell_1',
      status: 'completed',
      action: { type: 'exec', command: ['ls', '-l'], env: {} },
    },
    { type: 'local_shell_call_output', id: 'shell_1', output: 'total 0' },
    { type: 'mcp_call', id: 'mcp_1', name: 'lookup', server_label: 'docs', arguments: '{"k":"v"}', output: 'looked up' },
    { type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAAA' },
    { type: 'function_call', call_id: 'call_9', name: 'gone', namespace: 'mcp__old', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_9', output: 'old result' },
    { type: 'something_of_tomorrow', whatever: [1] },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'so far' }] },
  ]
  const got = await answer(ask('X-history', { input: [...history, ...input] }))
  t.match(got.output, [{ content: [{ text: 'Seen.' }] }])
  const [call] = callsOf('X-history')
  const blocks = call!.body.messages!.flatMap(({ content }) => (typeof content === 'string' ? [] : content)) as Item[]
  t.match(
    blocks.filter(({ type }) => type === 'tool_use').map(({ name, input }) => [name, input]),
    [
      [/web_search$/, { query: 'weather in Oslo' }],
      [/local_shell$/, { command: ['ls', '-l'] }],
      [/lookup$/, { k: 'v' }],
      [/mcp__old_gone_/, {}],
    ],
  )
  t.match(
    blocks.flatMap(({ type, content }) => (type === 'tool_result' ? (content as { text: string }[]).map(({ text }) => text) : [])),
    [/not part/, 'total 0', 'looked up', 'old result'],
  )
  t.ok(namesIn(call!).some((name) => name.includes('late_exec')))
  for (const name of ['input[].reasoning', 'input[].compaction', 'input[].something_of_tomorrow']) {
    t.ok(got.bridge.ignored.includes(name), name)
  }
  t.notOk(got.bridge.ignored.some((name) => name.includes('local_shell_call')))
})

await t.test('choices of such tools', async (t) => {
  const cases: [object, object][] = [
    [
      { type: 'custom', name: 'apply_patch' },
      { type: 'tool', name: /apply_patch$/ },
    ],
    [
      { type: 'function', name: 'search', namespace: 'mcp__docs' },
      { type: 'tool', name: /mcp__docs_search_/ },
    ],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'custom', name: 'apply_patch' }, { type: 'web_search' }] },
      { type: 'any' },
    ],
  ]
  for (const [index, [tool_choice, choice]] of cases.entries()) {
    standin.when(`X-choice-${index}`, (request: RecordedRequest) =>
      message(toolUse(nameIn(request, /./), { input: 'x' }, `toolu_c${index}`)),
    )
    await answer(ask(`X-choice-${index}`, { model: forcible, tool_choice }))
    t.match(callsOf(`X-choice-${index}`)[0]!.body.tool_choice, choice)
  }
  t.equal(namesIn(callsOf('X-choice-2')[0]!).length, 1)
})
