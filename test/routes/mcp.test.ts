/** `/mcp` with the official client: every tool, progress, cancellation, owners. */
import t from 'tap'
import { completionSchema, taskSchema } from '../../src/openai/out/response-schemas.js'
import { direct, gate, startBridge, until } from '../helper.js'
import { connect } from '../helper-mcp.js'
import { hang, httpError, message, text } from '../standin/index.js'

const as = (key: string) => ({ authorization: `Bearer ${key}` })
const bridge = await startBridge(t, { direct: 100, env: { API_KEYS: 'ann:key-of-ann,bob:key-of-bob' } })
const { standin } = bridge
const ann = await connect(bridge, as('key-of-ann'))
const bob = await connect(bridge, as('key-of-bob'))
t.teardown(() => Promise.all([ann.client.close(), bob.client.close()]))

await t.test('what it offers', async (t) => {
  const { tools } = await ann.client.listTools()
  t.strictSame(
    tools.map(({ name }) => name),
    ['ask', 'start_task', 'get_task', 'cancel_task', 'list_tasks', 'list_models'],
  )
  for (const tool of tools) {
    t.ok(tool.description && tool.title && tool.annotations, tool.name)
    t.match(tool.inputSchema, { type: 'object' })
    t.match(tool.outputSchema, { type: 'object', properties: {} })
  }
  const { inputSchema } = tools[0]!
  t.match(inputSchema.properties, { question: {}, messages: {}, model: {}, timeout: {} })
  t.notOk('stream' in inputSchema.properties!, 'nothing that the tool decides')
  t.match(ann.client.getServerVersion(), { name: 'claude-bridge', version: /^\d/ })
  t.ok(ann.client.getInstructions())
  t.match(ann.transport.sessionId, /^[\w-]{36}$/)
  t.not(ann.transport.sessionId, bob.transport.sessionId)
})

await t.test('ask: a question, a conversation', async (t) => {
  standin.when('M-ask', message('forty two'))
  const { structuredContent, content } = await ann.call('ask', { question: 'M-ask', metadata: { a: 'b' } })
  const completion = completionSchema.parse(structuredContent)
  t.match(completion, {
    ...{ object: 'chat.completion', model: 'max', metadata: { a: 'b' } },
    choices: [{ message: { content: 'forty two' }, finish_reason: 'stop' }],
    usage: { total_tokens: Number },
  })
  t.strictSame(content, [{ type: 'text', text: 'forty two' }])

  standin.when('M-talk', message('as you said'))
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'I am M-talk' },
    { role: 'assistant', content: 'Noted.' },
    { role: 'user', content: 'Who am I?' },
  ]
  await ann.data('ask', { messages, model: 'haiku', temperature: 0.5, made_up: 1 })
  const { body } = await bridge.asked('M-talk')
  t.match(body.model, /haiku/)
  t.equal(body.messages!.filter(({ role }) => role === 'assistant').length, 1, 'as real turns')
  const { data } = (await ann.data('list_tasks', { limit: 1 })) as { data: { bridge: { ignored: string[] } }[] }
  t.strictSame(data[0]!.bridge.ignored, ['temperature', 'made_up'])
})

await t.test('progress follows what the run says', async (t) => {
  const { opened, open } = gate()
  standin.when('M-progress', message(text(['one ', 'two ', 'three']), { hold: { afterDeltas: 2, until: opened } }))
  const told: { progress: number; message?: string | undefined }[] = []
  const answer = ann.data('ask', { question: 'M-progress' }, { onprogress: (progress) => told.push(progress) })
  t.ok(await until(() => told.some(({ message }) => /^answering: 8 characters/.test(message ?? '')), 20_000))
  t.match(told[0]!.message, /^(queued|starting)$/)
  const numbers = told.map(({ progress }) => progress)
  t.strictSame(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
    'it only grows',
  )
  const before = told.length
  await new Promise((resolve) => setTimeout(resolve, 1000))
  t.equal(told.length, before, 'nothing is said while the run says nothing')
  open()
  t.match(await answer, { choices: [{ message: { content: 'one two three' } }] })
})

await t.test('a task from start to end', async (t) => {
  const { opened, open } = gate()
  standin.when('M-task', message(text(['a ', 'b']), { hold: { afterDeltas: 1, until: opened } }))
  const started = taskSchema.parse(await ann.data('start_task', { question: 'M-task' }))
  t.match(started, { id: /^task_/, background: true, result: null })
  const id = { task_id: started.id }
  await bridge.asked('M-task')
  t.match(await ann.data('get_task', id), { status: 'in_progress' })
  t.match(await ann.data('get_task', { ...id, wait: 0.2 }), { status: 'in_progress' }, 'a wait that is too short')
  const told: string[] = []
  const long = ann.data('get_task', { ...id, wait: 60 }, { onprogress: (each) => told.push(each.message ?? '') })
  t.ok(await until(() => told.some((words) => words.startsWith('answering')), 20_000))
  open()
  const done = taskSchema.parse(await long)
  t.match(done, { status: 'completed', result: { choices: [{ message: { content: 'a b' } }] } })
  const overHttp: unknown = await (await bridge.get(`/tasks/${started.id}`, as('key-of-ann'))).json()
  t.strictSame(overHttp, done, 'the same job')
  t.strictSame(await ann.data('cancel_task', id), done, 'what has ended stays as it is')
  const list = (await ann.data('list_tasks', { status: 'completed' })) as { data: object[] }
  t.match(list.data[0], { id: started.id, usage: { total_tokens: Number } })
  t.notOk('result' in list.data[0]!)
  t.match(await ann.data('list_models'), { object: 'list', data: [{ id: 'opus' }] })
})

await t.test('cancel_task', async (t) => {
  standin.when('M-cancel', hang(1))
  const { id } = taskSchema.parse(await ann.data('start_task', { question: 'M-cancel', model: direct }))
  const upstream = await bridge.asked('M-cancel')
  t.match(await ann.data('cancel_task', { task_id: id }), { status: 'cancelled', error: { code: 'cancelled' } })
  await upstream.ended
  await bridge.idle()
})

await t.test('who cancels a call cancels its job', async (t) => {
  standin.when('M-stop', hang(1))
  const controller = new AbortController()
  const call = ann.data('ask', { question: 'M-stop' }, { signal: controller.signal })
  const upstream = await bridge.asked('M-stop')
  controller.abort()
  await t.rejects(call)
  await upstream.ended
  await bridge.idle()
  const { data } = (await ann.data('list_tasks', { limit: 1 })) as { data: object[] }
  t.match(data[0], { status: 'cancelled' })
})

await t.test('who cancels a wait leaves the task alone', async (t) => {
  standin.when('M-wait', hang(1))
  const { id } = taskSchema.parse(await ann.data('start_task', { question: 'M-wait', model: direct }))
  await bridge.asked('M-wait')
  const controller = new AbortController()
  const call = ann.data('get_task', { task_id: id, wait: 60 }, { signal: controller.signal })
  setTimeout(() => controller.abort(), 100)
  await t.rejects(call)
  t.match(await ann.data('get_task', { task_id: id }), { status: 'in_progress' })
  await ann.data('cancel_task', { task_id: id })
})

await t.test('a client that goes away', async (t) => {
  standin.when('M-gone', hang(1))
  const leaver = await connect(bridge, as('key-of-ann'))
  const call = leaver.call('ask', { question: 'M-gone', model: direct })
  const upstream = await bridge.asked('M-gone')
  await leaver.client.close()
  await t.rejects(call)
  await upstream.ended
  await bridge.idle()
})

await t.test('the end of a session ends its calls, and nobody else’s', async (t) => {
  standin.when('M-session', hang(1))
  const other = await connect(bridge, as('key-of-ann'))
  const call = ann.call('ask', { question: 'M-session', model: direct })
  const upstream = await bridge.asked('M-session')
  await other.transport.terminateSession()
  const session = { 'mcp-session-id': ann.transport.sessionId! }
  const end = (key: string) => fetch(`${bridge.url}/mcp`, { method: 'DELETE', headers: { ...as(key), ...session } })
  t.equal((await end('key-of-bob')).status, 204, 'another owner finds nothing')
  t.equal(upstream.endedAt, undefined)
  t.equal((await end('key-of-ann')).status, 204)
  t.match(await call, { isError: true, content: [{ text: /"cancelled"/ }] })
  await upstream.ended
  await other.client.close()
})

await t.test('tasks of another key do not exist', async (t) => {
  standin.when('M-own', message('of ann'))
  const { id } = taskSchema.parse(await ann.data('start_task', { question: 'M-own', model: direct }))
  t.match(await bob.refusal('get_task', { task_id: id }), { code: 'task_not_found' })
  t.match(await bob.refusal('cancel_task', { task_id: id }), { code: 'task_not_found' })
  t.match(await bob.data('list_tasks'), { data: [] })
  t.match(await ann.data('get_task', { task_id: id, wait: 30 }), { status: 'completed' })
})

await t.test('errors are those of the rest of the bridge', async (t) => {
  const wrong: [string, Record<string, unknown>, { code: string; param?: string | null }][] = [
    ['ask', {}, { code: 'missing_required_parameter', param: 'messages' }],
    ['ask', { question: 'x', model: 'gpt-4' }, { code: 'model_not_found', param: 'model' }],
    ['ask', { question: 5 }, { code: 'invalid_type', param: 'question' }],
    ['ask', { question: 'x', stream: true }, { code: 'unsupported_parameter', param: 'stream' }],
    ['ask', { messages: [{ role: 'wizard', content: 'x' }] }, { code: 'invalid_value', param: 'messages[0].role' }],
    ['start_task', { question: 'x', n: 100 }, { code: 'unsupported_value', param: 'n' }],
    ['get_task', {}, { code: 'missing_required_parameter', param: 'task_id' }],
    ['get_task', { task_id: 'task_x', wait: -1 }, { code: 'invalid_value', param: 'wait' }],
    ['get_task', { task_id: '../../etc' }, { code: 'task_not_found' }],
    ['list_tasks', { limit: 0 }, { code: 'invalid_value', param: 'limit' }],
  ]
  for (const [name, args, expected] of wrong) t.match(await ann.refusal(name, args), expected, JSON.stringify(args))
  standin.when('M-fail', httpError(400, { message: 'this will not do' }))
  t.match(await ann.refusal('ask', { question: 'M-fail', model: direct }), { code: 'upstream_invalid_request', message: /will not do/ })
  await t.rejects(ann.call('no_such_tool'), { code: -32602 })
})
