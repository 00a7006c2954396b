/** One connected trace for each way to take an answer, as an OTLP receiver gets it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { ask, askDirect, startBridge, until } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { startTextsServer } from '../mcp/texts-server.js'
import { message, toolUse } from '../standin/index.js'
import { startProvider, answer } from '../upstreams/provider.js'
import { startReceiver, treeOf } from './receiver.js'

t.setTimeout(240_000)
process.env['OTEL_BSP_SCHEDULE_DELAY'] = '50'
const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-traces-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const receiver = await startReceiver(t)
const provider = await startProvider(t)
const web = await startTextsServer('json')
t.teardown(() => web.close())
const registry = path.join(folder, 'registry.json')
writeFileSync(registry, JSON.stringify({ mcpServers: { web: { url: web.url } } }))
const key = 'secret-key-of-ann'
const bridge = await startBridge(t, {
  env: {
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', MCP_CONFIG: registry },
    API_KEYS: `ann:${key}`,
    UPSTREAMS: JSON.stringify({ acme: { base_url: provider.url, models: ['big-model'] } }),
  },
})
const { standin } = bridge
const chat = '/v1/chat/completions'
const caller = 'b7ad6b7169203331'
let count = 0

/** Asks within a trace of the client's own. */
function traced(body: unknown, more: Record<string, string> = {}) {
  const traceId = (++count).toString(16).padStart(32, 'a')
  const traceparent = `00-${traceId}-${caller}-01`
  const headers = { authorization: `Bearer ${key}`, traceparent, 'x-request-id': `r-${count}`, ...more }
  return { traceId, answered: bridge.post(chat, body, headers) }
}

await t.test('block', async (t) => {
  standin.when('T-block', message('THE-ANSWER'))
  const { traceId, answered } = traced(ask('T-block THE-PROMPT'), { tracestate: 'vendor=1' })
  const response = await answered
  t.equal(response.status, 200)
  await response.text()
  const spans = await receiver.trace(traceId, 5)
  const way = ['POST /v1/chat/completions', '  job sonnet', '    queue', '    chat sonnet', '      session']
  t.strictSame(treeOf(spans, caller), way, 'from the request to the end, below the span of the client')
  t.ok(spans.every(({ traceState }) => traceState === 'vendor=1'))
  const [request, job, , call] = way.map((name) => spans.find((span) => span.name === name.trim())!)
  t.match(request, { kind: 2, attributes: { 'http.route': chat, 'http.response.status_code': 200, 'claude_bridge.request.id': 'r-1' } })
  t.match(job, {
    events: [{ name: 'first_token' }],
    attributes: { 'claude_bridge.task.status': 'completed', 'claude_bridge.task.id': response.headers.get('x-bridge-task-id') },
  })
  t.equal(job!.attributes['claude_bridge.overhead_ms'], Number(response.headers.get('x-bridge-overhead-ms')))
  t.match(call, {
    kind: 3,
    events: [{ name: 'first_token' }],
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'sonnet',
      'gen_ai.response.model': /^claude-sonnet/,
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': Number,
      'gen_ai.usage.output_tokens': Number,
      'gen_ai.response.time_to_first_chunk': Number,
    },
  })
  t.match(receiver.resource, { 'service.name': 'claude-bridge', 'service.version': String })
  const lines = bridge.logs.map((line) => JSON.parse(line) as Record<string, unknown>)
  const own = lines.filter(({ reqId }) => reqId === 'r-1')
  t.ok(own.length >= 2 && own.every((line) => line['trace_id'] === traceId), 'the lines of the request name the trace')
  t.match(
    lines.filter((line) => line['msg'] === 'job ended' && line['request_id'] === 'r-1'),
    [{ trace_id: traceId }],
  )
})

await t.test('stream', async (t) => {
  standin.when('T-stream', message('said'))
  const { traceId, answered } = traced(ask('T-stream', { stream: true }))
  const frames = await framesOf(await answered)
  t.equal(frames.at(-1)!.data, '[DONE]')
  const spans = await receiver.trace(traceId, 5)
  t.strictSame(treeOf(spans, caller).length, 5)
  t.notMatch(treeOf(spans, caller), [/^lost/])
})

await t.test('poll, of a client without a trace', async (t) => {
  standin.when('T-poll', message('said'))
  const body = ask('T-poll', { background: true })
  const accepted = await bridge.post(chat, body, { authorization: `Bearer ${key}`, 'x-request-id': 'r-poll' })
  t.equal(accepted.status, 202)
  const { id } = (await accepted.json()) as Task
  const task = await bridge.get(`/tasks/${id}?wait=60`, { authorization: `Bearer ${key}` })
  t.match(await task.json(), { status: 'completed', bridge: { overhead_ms: Number } })
  const job = () => receiver.spans.find(({ attributes }) => attributes['claude_bridge.task.id'] === id)
  t.ok(await until(() => job() !== undefined))
  const spans = await receiver.trace(job()!.traceId, 5)
  t.strictSame(treeOf(spans), ['POST /v1/chat/completions', '  job sonnet', '    queue', '    chat sonnet', '      session'])
})

await t.test('attempts, with their checks', async (t) => {
  provider.when('T-retry', answer('no JSON'), answer('{"a":1}'))
  const checks = { validation: [{ type: 'json_string' }], retry_config: { max_attempts: 3, initial_delay: 0.01 } }
  const { traceId, answered } = traced({ ...askDirect('T-retry', checks), model: 'acme/big-model' })
  t.match(await (await answered).json(), { bridge: { attempts: 2 } })
  const spans = await receiver.trace(traceId, 9)
  t.strictSame(treeOf(spans, caller), [
    'POST /v1/chat/completions',
    '  job acme/big-model',
    '    queue',
    '    attempt 1',
    '      chat big-model',
    '      validation',
    '    attempt 2',
    '      chat big-model',
    '      validation',
  ])
  const first = spans.find(({ name }) => name === 'attempt 1')!
  t.match(first, { attributes: { 'error.type': 'validation_failed' }, status: { code: 2 } })
  const calls = spans.filter(({ name }) => name === 'chat big-model')
  t.match(calls[0], { kind: 3, attributes: { 'gen_ai.provider.name': 'acme', 'server.address': '127.0.0.1' } })
  const told = provider.of('T-retry').map(({ headers }) => headers['traceparent'])
  t.same(new Set(told), new Set(calls.map(({ spanId }) => `00-${traceId}-${spanId}-01`)), 'each call is told its own span')
})

await t.test('a provider that fails', async (t) => {
  provider.when('T-fails', (response) => void response.writeHead(500).end('{}'))
  const { traceId, answered } = traced({ ...ask('T-fails'), model: 'acme/big-model' })
  t.equal((await answered).status, 502)
  const spans = await receiver.trace(traceId, 4)
  t.match(
    spans.find(({ name }) => name === 'chat big-model'),
    { attributes: { 'error.type': 'upstream_error' }, status: { code: 2 } },
  )
  t.match(
    spans.find(({ name }) => name === 'job acme/big-model'),
    { attributes: { 'error.type': 'upstream_error' } },
  )
})

await t.test('a call of an HTTP server of MCP', async (t) => {
  standin.when('T-mcp', message(toolUse('mcp__web__long', {})), message('done'))
  const before = web.heads.length
  const { traceId, answered } = traced(ask('T-mcp', { mcp_servers: ['web'] }), { tracestate: 'vendor=2' })
  t.equal((await answered).status, 200)
  const spans = await receiver.trace(traceId, 6)
  t.strictSame(treeOf(spans, caller), [
    'POST /v1/chat/completions',
    '  job sonnet',
    '    queue',
    '    chat sonnet',
    '      session',
    '      execute_tool mcp__web__long',
  ])
  const call = spans.find(({ name }) => name === 'chat sonnet')!
  const heads = web.heads.slice(before)
  t.ok(heads.length > 0)
  for (const head of heads) t.match(head, { traceparent: `00-${traceId}-${call.spanId}-01`, tracestate: 'vendor=2' })
})

await t.test('a question inside a job, through /mcp', async (t) => {
  provider.when('T-tool', answer('said'))
  const headers = {
    authorization: `Bearer ${key}`,
    traceparent: `00-${'c'.repeat(32)}-${caller}-01`,
    accept: 'application/json, text/event-stream',
  }
  const params = { name: 'ask', arguments: { model: 'acme/big-model', question: 'T-tool' } }
  const response = await bridge.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, headers)
  t.match(await response.text(), /said/)
  const spans = await receiver.trace('c'.repeat(32), 4)
  t.strictSame(treeOf(spans, caller), ['POST /mcp', '  job acme/big-model', '    queue', '    chat big-model'])
})

await t.test('bad traceparents begin a trace of their own, and looks at a task none', async (t) => {
  const bad = [
    '',
    'x',
    `00-${'0'.repeat(32)}-${caller}-01`,
    `00-${'d'.repeat(32)}-${'0'.repeat(16)}-01`,
    `ff-${'d'.repeat(32)}-${caller}-01`,
  ]
  for (const [index, traceparent] of [...bad, `00-${'d'.repeat(32)}-${caller}-01-more`, `00-${'D'.repeat(32)}-${caller}-01`].entries()) {
    provider.when('T-bad', answer('said'))
    const id = `r-bad-${index}`
    const response = await bridge.post(
      chat,
      { ...ask('T-bad'), model: 'acme/big-model' },
      { authorization: `Bearer ${key}`, traceparent, 'x-request-id': id },
    )
    t.equal(response.status, 200)
    await response.text()
    await until(() =>
      receiver.spans.some(({ name, attributes }) => name === `POST ${chat}` && attributes['claude_bridge.request.id'] === id),
    )
    const root = receiver.spans.findLast(({ name, attributes }) => name === `POST ${chat}` && attributes['claude_bridge.request.id'] === id)
    t.match(root, { parentSpanId: undefined }, traceparent)
  }
  t.notOk(receiver.spans.some(({ traceId }) => traceId === 'd'.repeat(32)))
  t.notOk(receiver.spans.some(({ name }) => name.startsWith('GET')))
})

await t.test('nothing of what was said or of a key has left the server', async (t) => {
  await bridge.idle()
  const sent = receiver.bodies.join('\n')
  for (const word of ['THE-PROMPT', 'THE-ANSWER', 'T-block', 'T-retry', 'no JSON', key, 'sk-ant-secret-of-the-stand-in'])
    t.notOk(sent.includes(word), word)
})
