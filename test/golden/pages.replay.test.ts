/** What is read without a job: pages, health, models, the document, the check of a request, names of metrics, and `/mcp`. */
import t from 'tap'
import { ask, until } from '../helper.js'
import { answer } from '../upstreams/provider.js'
import { secret, startReceiver } from '../webhooks/receiver.js'
import { says, startPlayed } from './provider-server.js'
import { recordHeaders } from './headers.js'

t.setTimeout(170_000)
const receiver = await startReceiver(t)
const env = { WEBHOOK_SECRET: secret, WEBHOOK_ALLOWED_HOSTS: `127.0.0.1:${receiver.port}` }
const { bridge, recorder } = await startPlayed(t, env)

for (const [name, route, path] of [
  ['health', 'GET /health'],
  ['ready', 'GET /health/ready'],
  ['models', 'GET /v1/models'],
  ['model', 'GET /v1/models/:id', '/v1/models/sonnet'],
  ['model of a provider', 'GET /v1/models/:id', '/v1/models/acme/any'],
  ['openapi', 'GET /openapi.json'],
  ['page', 'GET /'],
  ['docs', 'GET /docs'],
  ['tasks', 'GET /tasks'],
] as [string, string, string?][]) {
  await recorder.make({ name, cell: [route, 'block', 'read'], ...(path !== undefined && { path }) }, false)
}
const check = { name: 'check', cell: ['POST /v1/chat/completions/check', 'block', 'read'] as const }
await recorder.make({ ...check, body: ask('x', { seed: 1, temperature: 0.5 }) }, false)
await recorder.make({ name: 'models without v1', cell: ['GET /v1/models', 'block', 'read'], path: '/models' }, false)
await recorder.make({ ...check, name: 'check without v1', path: '/chat/completions/check', body: ask('x') }, false)

const accept = 'application/json, text/event-stream'
const rpc = (method: string, params: unknown, id: number | undefined = 1) => ({
  jsonrpc: '2.0',
  ...(id !== undefined && { id }),
  method,
  params,
})
const tool = (name: string, args: unknown) => rpc('tools/call', { name, arguments: args })
const clientInfo = { name: 'golden', version: '1' }
for (const [name, ending, body] of [
  ['initialize', 'read', rpc('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo })],
  ['tools', 'read', rpc('tools/list', {})],
  ['ping', 'read', rpc('ping', {})],
  ['unknown method', 'unknown method', rpc('nothing', {})],
  ['unknown tool', 'unknown tool', tool('nothing', {})],
  ['ask', 'stop', tool('ask', { model: 'acme/any', question: '[mcp ask] hello' })],
  ['ask of an unknown model', 'model_not_found', tool('ask', { model: 'gpt-4', question: 'x' })],
  ['get_task', 'task_not_found', tool('get_task', { task_id: 'task_none' })],
  ['cancel_task', 'task_not_found', tool('cancel_task', { task_id: 'task_none' })],
  ['list_tasks', 'read', tool('list_tasks', { status: 'failed' })],
] as [string, string, unknown][]) {
  const provider = name === 'ask' ? [answer('by MCP')] : undefined
  await recorder.make(
    { name: `mcp ${name}`, cell: ['POST /mcp', 'MCP', ending], headers: { accept }, body, ...(provider && { provider }) },
    name === 'ask',
  )
}
await recorder.make({ name: 'mcp end', cell: ['DELETE /mcp', 'MCP', 'read'], path: '/mcp', method: 'DELETE' }, false)

// webhooks, one for each kind of end
for (const [name, more] of [
  ['hook done', {}],
  ['hook failed', { model: 'gone/any' }],
  ['hook review', { validation: [{ type: 'json_string' }], max_attempts_before_human: 1 }],
] as [string, Record<string, unknown>][]) {
  const before = receiver.calls.length
  const body = says(name, { ...more, webhook_url: receiver.url })
  const response = await bridge.post('/v1/chat/completions', body)
  await response.text()
  await until(() => receiver.calls.length > before)
  const { path, event, headers } = receiver.calls[before]!
  const sent = { ...headers, 'webhook-signature': '<signature>', 'webhook-timestamp': '<time>' }
  recorder.add({
    ...{ name, cell: ['webhook', 'webhook', event.type], request: { body }, status: response.status },
    headers: recordHeaders(response.headers),
    webhooks: [
      { path, headers: recordHeaders(Object.entries(sent).map(([key, value]): [string, string] => [key, String(value)])), body: event },
    ],
  })
}

const metrics = await bridge.get('/metrics')
const names = (await metrics.text()).split('\n').filter((line) => /^# (HELP|TYPE) /.test(line))
recorder.add({
  name: 'metrics',
  cell: ['GET /metrics', 'block', 'read'],
  request: {},
  status: metrics.status,
  headers: recordHeaders(metrics.headers),
  body: names.sort(),
})
recorder.settle(t, 'pages')
