/** Requests that are refused before any job: each code of the caller's own faults, with and without `/v1`, with and without a key. */
import t from 'tap'
import { exchange, request } from '../helper-raw.js'
import { ask, startBridge } from '../helper.js'
import { type Case, Recorder } from './recorder.js'
import { recordHeaders } from './headers.js'
import { calm } from './timing.js'

t.setTimeout(170_000)
const chat = 'POST /v1/chat/completions'
const free = await startBridge(t, { timing: calm })
const keyed = await startBridge(t, { timing: calm, env: { API_KEYS: 'ann:key-of-ann-0123456789,bob:key-of-bob-0123456789' } })
const recorder = new Recorder(free)

const refused: [name: string, code: string, body: unknown][] = [
  ['no JSON', 'invalid_json', '{"model":'],
  ['proto', 'invalid_json', '{"__proto__": {}}'],
  ['no object', 'invalid_type', '[]'],
  ['no messages', 'missing_required_parameter', { model: 'sonnet' }],
  ['empty messages', 'invalid_value', { model: 'sonnet', messages: [] }],
  ['model type', 'invalid_type', { model: 7, messages: [] }],
  ['role', 'invalid_value', { model: 'sonnet', messages: [{ role: 'king', content: 'x' }] }],
  ['logprobs', 'unsupported_parameter', ask('x', { logprobs: true })],
  ['audio', 'unsupported_value', ask('x', { modalities: ['audio'] })],
  ['n', 'invalid_value', ask('x', { n: 0 })],
  ['function name', 'invalid_value', ask('x', { tools: [{ type: 'function', function: { name: 'a b' } }] })],
  [
    'function schema',
    'invalid_function_parameters',
    ask('x', { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'nothing' } } }] }),
  ],
  [
    'json schema',
    'invalid_json_schema',
    ask('x', { response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'nothing' } } } }),
  ],
  ['unknown model', 'model_not_found', ask('x', { model: 'gpt-4' })],
  ['mcp command', 'mcp_server_not_allowed', ask('x', { mcp_config: { mcpServers: { evil: { command: 'bash', args: [] } } } })],
  ['mcp name', 'invalid_value', ask('x', { mcp_servers: ['nothing'] })],
  ['validator', 'invalid_value', ask('x', { validation: [{ type: 'nothing' }] })],
  ['validator parameter', 'unsupported_parameter', ask('x', { validation: [{ type: 'json_string', params: { x: 1 } }] })],
  ['webhook', 'unsupported_parameter', ask('x', { webhook_url: 'http://127.0.0.1/' })],
  [
    'image',
    'invalid_value',
    ask('x', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,!' } }] }] }),
  ],
  [
    'private image',
    'invalid_value',
    ask('x', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://127.0.0.1/a.png' } }] }] }),
  ],
]
const cases: Case[] = refused.flatMap(([name, code, body]): Case[] => [
  { name: `chat ${name}`, cell: [chat, 'block', code], body },
  { name: `task ${name}`, cell: ['POST /tasks', 'poll', code], body },
])
const short: [name: string, route: string, code: string, more: Partial<Case>][] = [
  ['no v1', 'POST /chat/completions', 'missing_required_parameter', { body: {} }],
  ['stream refused', chat, 'model_not_found', { body: ask('x', { model: 'gpt-4', stream: true }) }],
  ['media type', chat, 'unsupported_media_type', { body: 'x', headers: { 'content-type': 'application/xml' } }],
  ['too large', chat, 'request_too_large', { body: JSON.stringify({ question: 'x'.repeat(64 * 1024 * 1024) }) }],
  ['unknown url', 'GET /nowhere', 'unknown_url', {}],
  ['unknown url below v1', 'GET /v1/nowhere', 'unknown_url', {}],
  ['wrong method', 'GET /v1/chat/completions', 'unknown_url', {}],
  ['origin', 'GET /v1/models', 'origin_not_allowed', { headers: { origin: 'https://evil.example' } }],
  ['no task', 'GET /tasks/:id', 'task_not_found', { path: '/tasks/task_none' }],
  ['no task events', 'GET /tasks/:id/events', 'task_not_found', { path: '/tasks/task_none/events' }],
  ['no task cancel', 'POST /tasks/:id/cancel', 'task_not_found', { path: '/tasks/task_none/cancel', body: {} }],
  ['no task delete', 'DELETE /tasks/:id', 'task_not_found', { path: '/tasks/task_none', method: 'DELETE' }],
  ['no task file', 'GET /tasks/:id/files/*', 'task_not_found', { path: '/tasks/task_none/files/a' }],
  ['no decision', 'POST /tasks/:id/review', 'invalid_value', { path: '/tasks/task_none/review', body: { decision: 'maybe' } }],
  ['list limit', 'GET /tasks', 'invalid_value', { path: '/tasks?limit=0' }],
  ['no response', 'GET /v1/responses/:id', 'response_not_found', { path: '/v1/responses/resp_none' }],
  [
    'no previous',
    'POST /v1/responses',
    'previous_response_not_found',
    { body: { model: 'sonnet', input: 'x', previous_response_id: 'resp_none' } },
  ],
  ['no item', 'POST /v1/responses', 'item_not_found', { body: { model: 'sonnet', input: [{ type: 'item_reference', id: 'msg_none' }] } }],
  ['response without input', 'POST /v1/responses', 'missing_required_parameter', { body: { model: 'sonnet' } }],
  ['response no v1', 'POST /v1/responses', 'missing_required_parameter', { path: '/responses', body: { model: 'sonnet' } }],
  ['mcp get', 'GET /mcp', 'method_not_allowed', {}],
  ['mcp version', 'POST /mcp', 'invalid_value', { body: { jsonrpc: '1.0' } }],
  ['no model', 'GET /v1/models/:id', 'model_not_found', { path: '/v1/models/gpt-4' }],
]
for (const [name, route, code, more] of short) cases.push({ name, cell: [route, 'block', code], ...more })
for (const one of cases) await recorder.make(one, false)

const locked = new Recorder(keyed)
const routes: [string, string?, unknown?][] = [
  [chat, undefined, ask('x')],
  ['POST /tasks', undefined, ask('x')],
  ['GET /tasks'],
  ['GET /tasks/:id', '/tasks/task_none'],
  ['GET /v1/models'],
  ['POST /v1/responses', undefined, {}],
  ['POST /mcp', undefined, {}],
  ['GET /metrics'],
  ['GET /nowhere'],
  ['GET /health/ready'],
]
for (const [route, path, body] of routes) {
  const ending = route === 'GET /health/ready' ? 'read' : 'invalid_api_key'
  const one = { cell: [route, 'block', ending] as const, ...(path !== undefined && { path }), body }
  await locked.make({ ...one, name: `no key ${route}` }, false)
  if (body === undefined) await locked.make({ ...one, name: `wrong key ${route}`, headers: { authorization: 'Bearer wrong' } }, false)
}

for (const [name, line, headers] of [
  ['no host', 'GET /v1/models', {}],
  ['evil host', 'GET /v1/models', { host: 'evil.com' }],
  ['broken url', 'GET /%zz', { host: 'localhost' }],
  ['no http', 'nonsense of no method', { host: 'localhost' }],
] as [string, string, Record<string, string>][]) {
  const raw = await exchange(free.port, request(line, headers))
  const body = raw.body.startsWith('{') ? (JSON.parse(raw.body) as unknown) : raw.body
  recorder.add({
    name,
    cell: ['raw HTTP', 'socket', name],
    request: { line, headers },
    status: raw.status,
    headers: recordHeaders(Object.entries(raw.headers)),
    body,
  })
}
recorder.settle(t, 'refusals')
locked.settle(t, 'keys')
