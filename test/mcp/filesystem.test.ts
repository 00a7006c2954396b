/** The file server of the install, end to end: the real CLI, the real server, the stand-in as the model. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { markedProcesses } from '../claude/harness.js'
import { gate, startBridge, until } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { type RecordedRequest, contains, message, text, toolResults, toolUse } from '../standin/index.js'
import { openWorkspaceRoot } from '../../workspace/workspace.js'

t.setTimeout(240_000)
const bridge = await startBridge(t, { env: { MAX_CONCURRENT: '3', MAX_QUEUED: '50' } })
const { standin } = bridge
const workspaces = openWorkspaceRoot(bridge.app.config.dataDir)

/** As users of an earlier system have sent it. */
const seed = {
  model: 'max/claude-mcp-agent',
  mcp_config: { mcpServers: { filesystem: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/tmp'] } } },
}

interface TaskBody {
  id: string
  status: string
  result: { choices: { message: { content: string; tool_calls?: unknown } }[]; bridge: { ignored: string[] } } | null
  error: { code: string; message: string } | null
  files: { path: string; bytes: number; media_type: string }[]
}

async function task(body: Record<string, unknown>): Promise<TaskBody> {
  const started = (await (await bridge.post('/tasks', { model: 'sonnet', ...body })).json()) as TaskBody
  if (started.id === undefined) throw new Error(JSON.stringify(started))
  for (;;) {
    const now = (await (await bridge.get(`/tasks/${started.id}?wait=30`)).json()) as TaskBody
    if (!['queued', 'in_progress'].includes(now.status)) return now
  }
}

const user = (content: string) => ({ role: 'user', content })
const callsOf = (marker: string) => standin.calls.filter((call) => contains(call, marker))
const resultTexts = (call: RecordedRequest) => toolResults(call).map((result) => result.text)

/** The model writes a file, reads it back, looks around and answers. */
function writesAndReads(marker: string, file: string, content: string): void {
  standin.when(
    marker,
    message([text('I will write it.'), toolUse('mcp__filesystem__write_file', { path: file, content })]),
    message(toolUse('mcp__filesystem__read_text_file', { path: file })),
    message(toolUse('mcp__filesystem__list_directory', { path: path.dirname(file) })),
    message('It is written and read.'),
  )
}

await t.test('create a file and read it back, with the config as its users sent it', async (t) => {
  writesAndReads('M-seed', '/tmp/hello.txt', 'Hello, fïle')
  const response = await bridge.post('/v1/chat/completions', { ...seed, messages: [user('M-seed')] })
  const answer = (await response.json()) as NonNullable<TaskBody['result']> & { bridge: { task_id: string } }
  t.equal(response.status, 200, JSON.stringify(answer))
  t.equal(answer.choices[0]!.message.content, 'I will write it.\n\nIt is written and read.')
  t.equal(answer.choices[0]!.message.tool_calls, undefined, 'what is used inside is no call of the client')
  t.strictSame(answer.bridge.ignored, [])
  const [first, , third, fourth] = callsOf('M-seed')
  t.ok((first!.body.tools as { name: string }[]).every(({ name }) => name.startsWith('mcp__filesystem__')))
  t.match(resultTexts(third!).at(-1), /Hello, fïle/)
  t.match(resultTexts(fourth!).at(-1), /hello\.txt/)
  t.notMatch(JSON.stringify(standin.calls.at(-1)!.body.messages), /claude-bridge-/, 'the model hears of /tmp only')
  t.notOk(existsSync('/tmp/hello.txt'), "it is the job's own")

  const done = (await (await bridge.get(`/tasks/${answer.bridge.task_id}`)).json()) as TaskBody
  t.strictSame(done.files, [{ path: 'hello.txt', bytes: 12, media_type: 'text/plain; charset=utf-8' }])
  const events = (await framesOf(await bridge.get(`/tasks/${done.id}/events`)))
    .filter(({ data }) => data !== undefined)
    .map(({ data }) => JSON.parse(data!) as Record<string, unknown>)
  const activity = events.filter(({ type }) => type === 'tool_activity')
  t.match(activity, [
    { tool: 'mcp__filesystem__write_file', state: 'started', input_bytes: Number },
    { tool: 'mcp__filesystem__write_file', state: 'finished', ok: true, duration_ms: Number },
    { tool: 'mcp__filesystem__read_text_file', state: 'started' },
    { tool: 'mcp__filesystem__read_text_file', state: 'finished', ok: true },
    { tool: 'mcp__filesystem__list_directory', state: 'started' },
    { tool: 'mcp__filesystem__list_directory', state: 'finished', ok: true },
  ])
  t.equal(activity[0]!['input_bytes'], Buffer.byteLength(JSON.stringify({ path: '/tmp/hello.txt', content: 'Hello, fïle' })))
  t.match(
    events.filter(({ type }) => type === 'files'),
    [{ files: [{ path: 'hello.txt' }] }],
  )
})

await t.test('nowhere else', async (t) => {
  const paths = ['/etc/passwd', '/tmp/../etc/passwd', '/tmp/a/../../etc/passwd', '/root/x', bridge.app.config.dataDir, workspaces]
  standin.when(
    'M-out',
    message(paths.map((at) => toolUse('mcp__filesystem__read_text_file', { path: at }))),
    message(toolUse('mcp__filesystem__write_file', { path: '/etc/claude-bridge-test', content: 'x' })),
    message('no'),
  )
  const done = await task({ ...seed, messages: [user('M-out')] })
  t.equal(done.result?.choices[0]!.message.content, 'no')
  const results = [...toolResults(callsOf('M-out')[1]!), ...toolResults(callsOf('M-out')[2]!).slice(-1)]
  t.equal(results.length, paths.length + 1)
  for (const result of results) t.match(result, { isError: true }, result.text)
  t.strictSame(done.files, [])
  t.notOk(existsSync('/etc/claude-bridge-test'))
})

await t.test('twenty at once: each has its own file and sees no other; nothing is left', { timeout: 150_000 }, async (t) => {
  const markers = Array.from({ length: 20 }, (_, index) => `M-many-${String(index).padStart(2, '0')}`)
  for (const marker of markers) writesAndReads(marker, `/tmp/${marker}.txt`, `only ${marker}`)
  const tasks = await Promise.all(markers.map((marker) => task({ ...seed, messages: [user(marker)] })))
  for (const [index, marker] of markers.entries()) {
    const { status, error, files } = tasks[index]!
    t.equal(status, 'completed', error?.message ?? marker)
    t.strictSame(
      files.map((file) => file.path),
      [`${marker}.txt`],
    )
    const last = callsOf(marker).at(-1)!
    t.match(callsOf(marker).flatMap(resultTexts).join('\n'), `only ${marker}`)
    const others = markers.filter((other) => other !== marker && JSON.stringify(last.body.messages).includes(other))
    t.strictSame(others, [], `${marker} sees no other`)
  }
  await bridge.idle()
  t.ok(await until(() => markedProcesses(workspaces).length === 0))
  t.strictSame(readdirSync(workspaces), [])
})

await t.test('some tools of a server, and those only', async (t) => {
  standin.when('M-some', message(toolUse('mcp__filesystem__write_file', { path: 'a.txt', content: 'x' })), message('denied, then'))
  const done = await task({
    mcp_servers: ['filesystem'],
    allowed_tools: ['mcp__filesystem__read_text_file', 'mcp__filesystem__nonsense', 'Bash'],
    messages: [user('M-some')],
  })
  const [first, second] = callsOf('M-some')
  t.strictSame(
    (first!.body.tools as { name: string }[]).map(({ name }) => name),
    ['mcp__filesystem__read_text_file'],
  )
  t.match(toolResults(second!), [{ isError: true }])
  t.strictSame(done.result?.bridge.ignored, ['allowed_tools.Bash'])
  t.strictSame(done.files, [])
})

await t.test("the registry's entry, its tools beside the client's functions, and limits as ever", async (t) => {
  const asked = gate()
  standin.when(
    'M-both',
    message([text('Both.'), toolUse('mcp__filesystem__write_file', { path: 'sub/x.json', content: '{}' })]),
    message(toolUse('mcp__filesystem__create_directory', { path: 'sub' })),
    () => {
      asked.open()
      return message(toolUse('mcp__client__ask', { a: 1 }, 'toolu_client'))
    },
    message('so'),
  )
  const tools = [{ type: 'function', function: { name: 'ask', parameters: { type: 'object', properties: {} } } }]
  const ask = { model: 'sonnet', mcp_servers: ['filesystem'], tools, max_tokens: 777, messages: [user('M-both')] }
  const first = (await (await bridge.post('/v1/chat/completions', ask)).json()) as {
    choices: { finish_reason: string; message: Record<string, unknown> }[]
  }
  await asked.opened
  t.match(first.choices[0], {
    finish_reason: 'tool_calls',
    message: { content: 'Both.', tool_calls: [{ id: 'toolu_client', function: { name: 'ask' } }] },
  })
  t.equal(callsOf('M-both')[0]!.body.max_tokens, 777)
  const messages = [...ask.messages, first.choices[0]!.message, { role: 'tool', tool_call_id: 'toolu_client', content: 'yes' }]
  const second = (await (await bridge.post('/v1/chat/completions', { ...ask, messages })).json()) as typeof first
  t.match(second.choices[0], { finish_reason: 'stop', message: { content: 'so' } })
})

await t.test('file tools of the CLI, in the workspace and nowhere else', async (t) => {
  standin.when(
    'M-tools',
    message([
      toolUse('Write', { file_path: 'notes/a.md', content: '# A' }, 'toolu_w'),
      toolUse('Read', { file_path: '/etc/passwd' }, 'toolu_p'),
    ]),
    message(toolUse('Bash', { command: 'id' }, 'toolu_b')),
    message(toolUse('Write', { file_path: '/tmp/claude-bridge-out.txt', content: 'x' }, 'toolu_o')),
    message('done'),
  )
  const done = await task({ allowed_tools: ['Write', 'Read', 'Bash'], messages: [user('M-tools')] })
  t.equal(done.status, 'completed', done.error?.message ?? '')
  t.strictSame((callsOf('M-tools')[0]!.body.tools as { name: string }[]).map(({ name }) => name).sort(), ['Read', 'Write'])
  const results = callsOf('M-tools').flatMap((call) => toolResults(call))
  t.match(
    results,
    [
      { id: 'toolu_w', isError: false },
      { id: 'toolu_p', isError: true },
      { id: 'toolu_b', isError: true },
      { id: 'toolu_o', isError: true },
    ],
    JSON.stringify(results),
  )
  t.match(done.files, [{ path: 'notes/a.md', bytes: 3, media_type: 'text/markdown; charset=utf-8' }])
  t.notOk(existsSync('/tmp/claude-bridge-out.txt'))
})

await t.test('the tool at work is the progress; a cancelled job leaves nothing', async (t) => {
  const held = gate()
  standin.when('M-cancel', message(toolUse('mcp__filesystem__write_file', { path: 'a.txt', content: 'x' })), async () => {
    await held.opened
    return message('late')
  })
  const started = (await (await bridge.post('/tasks', { ...seed, messages: [user('M-cancel')] })).json()) as TaskBody
  t.ok(await until(() => callsOf('M-cancel').length === 2, 20_000))
  t.equal(readdirSync(workspaces).length, 1)
  const cancelled = (await (await bridge.post(`/tasks/${started.id}/cancel`, {})).json()) as TaskBody
  held.open()
  t.equal(cancelled.status, 'cancelled')
  t.strictSame(cancelled.files, [])
  await bridge.idle()
  t.ok(await until(() => markedProcesses(workspaces).length === 0))
  t.strictSame(readdirSync(workspaces), [])
})
