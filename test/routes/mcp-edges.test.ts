/** `/mcp` for those who do not behave: rubbish, strangers, sessions that are dropped, a server that ends. */
import t from 'tap'
import { ask, askDirect, direct, gate, startBridge, until } from '../helper.js'
import { connect } from '../helper-mcp.js'
import { exchange, request } from '../helper-raw.js'
import { FrameReader, framesOf } from '../helper-sse.js'
import { hang, message, offered, runCli, text, toolUse } from '../standin/index.js'

const call = (name: string, args: object, more: object = {}) => ({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: { name, arguments: args, ...more },
})
const streamed = { accept: 'application/json, text/event-stream' }

const bridge = await startBridge(t, { direct: 100, timing: { commentEveryMs: 200 }, env: { MAX_CONCURRENT: '2' } })
const { standin } = bridge
const post = (body: unknown, headers: Record<string, string> = {}) => bridge.post('/mcp', body, headers)

await t.test('without a client: JSON, or a stream where it is accepted', async (t) => {
  standin.when('E-plain', message('yes'))
  const plain = await post(call('ask', { question: 'E-plain' }))
  t.equal(plain.status, 200)
  t.match(plain.headers.get('content-type'), /^application\/json/)
  t.match(plain.headers.get('x-request-id'), /^req_/)
  t.match(await plain.json(), { jsonrpc: '2.0', id: 1, result: { content: [{ text: 'yes' }] } })

  const { opened, open } = gate()
  standin.when('E-stream', message(text(['a ', 'b']), { hold: { afterDeltas: 1, until: opened } }))
  const stream = await post(call('ask', { question: 'E-stream', model: direct }, { _meta: { progressToken: 'p' } }), streamed)
  t.match(stream.headers.get('content-type'), /^text\/event-stream/)
  const reader = new FrameReader(stream)
  t.match(await reader.nextEvent(), { event: 'message', data: /"notifications\/progress".*"progressToken":"p"/ })
  for (let kept = false; !kept; ) kept = (await reader.next())!.comment !== undefined
  open()
  t.match((await reader.all()).at(-1), { data: /"id":1.*a b|a b.*"id":1/ })

  const batch = [call('list_models', {}), { ...call('list_tasks', {}), id: 'two' }]
  t.match(await (await post(batch)).json(), [{ id: 1 }, { id: 'two' }])
  const both = await framesOf(await post(batch, streamed))
  t.equal(both.length, 2)
  const silent = await post({ jsonrpc: '2.0', method: 'notifications/initialized' })
  t.equal(silent.status, 202)
  t.equal(await silent.text(), '')
})

await t.test('rubbish', async (t) => {
  const bodies: unknown[] = [
    ...['', 'null', '5', '"x"', '{}', '[]', '[[]]', '[5]', '{"jsonrpc":"1.0"}', '{"jsonrpc":"2.0","id":{}}'],
    '{"jsonrpc":"2.0","id":1,"method":"ping","__proto__":{"a":1}}',
    '{"jsonrpc":"2.0","id":1,"method":5}',
    '{"jsonrpc":"2.0"',
    `${'['.repeat(2000)}${']'.repeat(2000)}`,
    JSON.stringify(Array.from({ length: 2000 }, () => call('list_models', {}))),
  ]
  for (const body of bodies) {
    const response = await post(body)
    const shown = String(body).slice(0, 60)
    t.equal(response.status, 400, shown)
    t.match(await response.json(), { error: { message: String, type: 'invalid_request_error', code: String } }, shown)
  }
  const odd: [object, object][] = [
    [{ jsonrpc: '2.0', id: 1, method: 'nothing/there' }, { error: { code: -32601 } }],
    [{ jsonrpc: '2.0', id: 1, method: 'tools/call' }, { error: { code: Number } }],
    [{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask', arguments: [] } }, { error: { code: Number } }],
    [{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: '__proto__' } }, { error: { code: -32602 } }],
    [{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'constructor' } }, { error: { code: -32602 } }],
  ]
  for (const [body, expected] of odd) t.match(await (await post(body)).json(), expected, JSON.stringify(body))
  t.equal((await post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })).status, 202)
  const header = async (name: string, value: string) => (await post(call('list_models', {}), { [name]: value })).status
  t.equal(await header('mcp-protocol-version', '1999-01-01'), 400)
  t.equal(await header('mcp-session-id', 'x'.repeat(500)), 400)
  t.equal(await header('mcp-session-id', 'one of an earlier server'.replaceAll(' ', '-')), 200, 'a session is but a name')
  t.equal(await header('content-type', 'text/plain'), 415)
})

await t.test('other methods', async (t) => {
  const get = await bridge.get('/mcp', { accept: 'text/event-stream' })
  t.equal(get.status, 405, 'what clients take for: no stream unasked')
  t.equal(get.headers.get('allow'), 'POST, DELETE')
  t.match(await get.json(), { error: { code: 'method_not_allowed' } })
  t.equal((await fetch(`${bridge.url}/mcp`, { method: 'DELETE' })).status, 204)
  t.equal((await fetch(`${bridge.url}/mcp`, { method: 'PUT' })).status, 404)
})

await t.test('pages of other sites stay out', async (t) => {
  const body = JSON.stringify(call('list_models', {}))
  const send = (headers: Record<string, string>) => {
    const sent = { 'content-type': 'application/json', 'content-length': String(body.length), connection: 'close', ...headers }
    return exchange(bridge.port, request('POST /mcp', sent, body))
  }
  t.equal((await send({ host: 'localhost' })).status, 200)
  const strangers: Record<string, string>[] = [{ host: 'evil.example' }, { host: 'localhost', origin: 'https://evil.example' }]
  for (const headers of strangers) {
    const answer = await send(headers)
    t.equal(answer.status, 403)
    t.match(JSON.parse(answer.body), { error: { code: 'origin_not_allowed' } })
  }
})

await t.test('sessions that are opened and dropped leave nothing', async (t) => {
  const open = {
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
  }
  const names = new Set<string | null>()
  for (let each = 0; each < 200; each += 20) {
    const responses = await Promise.all(Array.from({ length: 20 }, () => post({ jsonrpc: '2.0', ...open }, streamed)))
    for (const response of responses) {
      names.add(response.headers.get('mcp-session-id'))
      await response.text()
    }
  }
  t.equal(names.size, 200, 'each has a name of its own')
  t.notOk(names.has(null))
})

await t.test('calls of one session with the same id', async (t) => {
  standin.when('E-twice', hang(1))
  const session = { 'mcp-session-id': 'mine' }
  const first = post(call('ask', { question: 'E-twice', model: direct }), session)
  const upstream = await bridge.asked('E-twice')
  t.match(await (await post(call('list_models', {}), session)).json(), { result: {} })
  const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
  await post(cancelled)
  await post(cancelled, { 'mcp-session-id': 'other' })
  t.equal(upstream.endedAt, undefined, 'a call is cancelled by its own session')
  await post(cancelled, session)
  t.match(await (await first).json(), { result: { isError: true, content: [{ text: /cancelled/ }] } })
  await bridge.idle()
})

await t.test('depth', async (t) => {
  standin.when('E-deep', message('deep'))
  const at = async (depth: string) => {
    const response = await post(call('ask', { question: 'E-deep', model: direct }), { 'x-bridge-depth': depth })
    return (await response.json()) as { result: { isError?: boolean; content: { text: string }[] } }
  }
  t.match(await at('3'), { result: { content: [{ text: 'deep' }] } })
  t.match(await at('4'), { result: { isError: true, content: [{ text: /"depth_exceeded"/ }] } })
  t.match(await at('${CLAUDE_BRIDGE_DEPTH}'), { result: { isError: true, content: [{ text: /"invalid_value"/ }] } })
  const chat = await bridge.post('/v1/chat/completions', ask('E-deep'), { 'x-bridge-depth': '4' })
  t.equal(chat.status, 400, 'whatever way it takes')
  t.match(await chat.json(), { error: { code: 'depth_exceeded' } })
  const task = await bridge.post('/tasks', askDirect('E-deep'), { 'x-bridge-depth': '2' })
  const { id } = (await task.json()) as { id: string }
  t.match(await bridge.app.jobs.get(id, 'anonymous'), { view: { depth: 2 } }, 'the job remembers')
  await bridge.get(`/tasks/${id}?wait=30`)
})

await t.test('jobs that wait for jobs cannot block one another', async (t) => {
  standin.when('E-outer', hang(1))
  const { slots } = bridge.app.jobs.stats()
  const ids: string[] = []
  for (let each = 0; each < slots; each++) {
    const task = (await (await bridge.post('/tasks', ask('E-outer'))).json()) as { id: string }
    ids.push(task.id)
  }
  t.ok(await until(() => bridge.app.jobs.stats().running === slots))
  const inner = await post(call('ask', { question: 'E-deep' }), { 'x-bridge-depth': '1' })
  t.match(await inner.json(), { result: { isError: true, content: [{ text: /"queue_full"/ }] } })
  const later = await post(call('start_task', { question: 'E-deep' }), { 'x-bridge-depth': '1' })
  const started = (await later.json()) as { result: { structuredContent: { id: string } } }
  for (const id of ids) await bridge.post(`/tasks/${id}/cancel`, '')
  const done = await bridge.get(`/tasks/${started.result.structuredContent.id}?wait=30`)
  t.match(await done.json(), { status: 'completed' })
  await bridge.idle()
})

await t.test('the real CLI as a client: one job delegates to another', async (t) => {
  standin.when(
    (asked) => JSON.stringify(asked.body).includes('E-delegate') && !JSON.stringify(asked.body).includes('tool_result'),
    message(toolUse(offered('ask'), { question: 'E-inner' })),
  )
  standin.when((asked) => JSON.stringify(asked.body.messages).includes('tool_result'), message('It said: seven'))
  standin.when('E-inner', message('seven'))
  const servers = { mcpServers: { bridge: { type: 'http', url: `${bridge.url}/mcp`, headers: { 'x-bridge-depth': '1' } } } }
  const run = await runCli({
    baseUrl: standin.url,
    prompt: 'E-delegate',
    args: [`--mcp-config=${JSON.stringify(servers)}`, '--allowedTools=mcp__bridge__ask'],
    timeoutMs: 60_000,
  })
  t.match(run.result, { subtype: 'success', result: 'It said: seven' })
  const told = standin.calls.find((each) => JSON.stringify(each.body.messages).includes('tool_result'))
  t.match(JSON.stringify(told?.body.messages), /seven/, 'the answer came back to the model')
  const { jobs } = await bridge.app.jobs.list({ owner: 'anonymous', limit: 1, order: 'desc' })
  t.match(jobs[0], { status: 'completed', model: 'max', view: { depth: 1 } })
})

await t.test('a server that ends does not wait for open calls', async (t) => {
  const other = await startBridge(t, { standin: {} })
  other.standin.when('E-end', hang(1))
  const user = await connect(other)
  const asked = user.refusal('ask', { question: 'E-end' })
  const started = (await user.data('start_task', { question: 'E-end' })) as { id: string }
  const waiting = user.data('get_task', { task_id: started.id, wait: 600 })
  await other.asked('E-end')
  const from = Date.now()
  await other.app.close()
  t.ok(Date.now() - from < 8000, `closed after ${Date.now() - from} ms`)
  t.match(await asked, { code: 'server_shutdown' })
  t.match(await waiting, { id: started.id, completed_at: null })
  await user.client.close()
})
