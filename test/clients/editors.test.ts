/** Editors' own shapes: Cursor's Responses body at the chat route, Copilot's chat body, and a WebSocket that is turned down. */
import t from 'tap'
import { startBridge } from '../helper.js'
import { exchange, request } from '../helper-raw.js'
import { message, toolUse } from '../standin/index.js'

const bridge = await startBridge(t)
const { standin } = bridge
const chat = '/v1/chat/completions'

const readFile = {
  type: 'function',
  name: 'read_file',
  description: 'Reads a file.',
  parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
}

await t.test('Cursor: `input` in place of `messages`', async (t) => {
  standin.when('E-cursor', message(toolUse('mcp__client__read_file', { path: 'a.ts' })), message('It is a module.'))
  const input = [
    { role: 'system', content: 'You are an editor.' },
    { role: 'user', content: [{ type: 'input_text', text: 'E-cursor' }] },
  ]
  const body = {
    model: 'sonnet',
    input,
    tools: [readFile],
    tool_choice: 'auto',
    user: 'u',
    store: false,
    include: ['reasoning.encrypted_content'],
  }
  const response = await bridge.post(chat, { ...body, stream: true, stream_options: { include_usage: true } })
  t.equal(response.status, 200)
  const frames = (await response.text()).split('\n\n').filter((frame) => frame.startsWith('data: {'))
  const chunks = frames.map((frame) => JSON.parse(frame.slice(6)) as { object: string; usage?: object; choices: { delta: object }[] })
  t.ok(chunks.every(({ object }) => object === 'chat.completion.chunk'))
  t.match(JSON.stringify(chunks), /"name":"read_file"/)
  t.match(chunks.at(-1), { choices: [], usage: { total_tokens: Number } })
  const asked = await bridge.asked('E-cursor')
  t.match(JSON.stringify(asked.body.system), /You are an editor/)

  const next = [
    ...input,
    { type: 'function_call', call_id: 'call_1', name: 'read_file', arguments: '{"path":"a.ts"}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'what it said' },
  ]
  const answer = await (await bridge.post(chat, { ...body, input: next })).json()
  t.match(answer, { object: 'chat.completion', choices: [{ message: { content: 'It is a module.' } }] })

  standin.when('E-text', message('fine'))
  t.match(await (await bridge.post(chat, { model: 'sonnet', input: 'E-text' })).json(), { choices: [{ message: { content: 'fine' } }] })
  const bad = await bridge.post(chat, { model: 'sonnet', input: [{ type: 'function_call_output', call_id: 'x' }] })
  t.equal(bad.status, 400)
  t.match(await bad.json(), { error: { param: /^input/ } })
  t.match(await (await bridge.post(chat, { model: 'sonnet' })).json(), { error: { param: 'messages' } }, 'neither is as before')
})

await t.test('Copilot: a chat body with members of its own', async (t) => {
  standin.when('E-copilot', message('done'))
  const body = {
    model: 'sonnet',
    messages: [
      { role: 'system', content: 'You are an assistant.', copilot_cache_control: { type: 'ephemeral' } },
      { role: 'user', content: [{ type: 'text', text: 'E-copilot' }], name: 'user' },
    ],
    tools: [{ type: 'function', function: { ...readFile, type: undefined } }],
    temperature: 0.1,
    top_p: 1,
    n: 1,
    stream: true,
    stream_options: { include_usage: true },
    snippy: { enabled: false },
    intent: true,
    intent_threshold: 0.7,
    intent_content: 'x',
    thinking_budget: 4000,
  }
  const response = await bridge.post(chat, body, { 'copilot-integration-id': 'vscode-chat', 'openai-intent': 'conversation-panel' })
  t.equal(response.status, 200)
  const text = await response.text()
  t.match(text, /"content":"done"/)
  t.match(response.headers.get('x-bridge-ignored'), /snippy/)
})

await t.test('a WebSocket is turned down, and the connection goes on', async (t) => {
  const upgrade = {
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'eA==',
  }
  for (const path of ['/v1/responses', '/responses', '/v1/realtime']) {
    const { status, headers, body } = await exchange(bridge.port, request(`GET ${path}`, upgrade))
    t.ok(status === 404 || status === 405, `${path}: ${status}`)
    t.match(headers['content-type'], /json/)
    t.match(JSON.parse(body), { error: { message: String, type: 'invalid_request_error' } })
  }
})
