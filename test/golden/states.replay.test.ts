/** Servers in a state: full, without a CLI, without a login; and a job that has left files. */
import t from 'tap'
import { ask, startBridge, until } from '../helper.js'
import { contains, hangBeforeHeaders, message, toolUse } from '../standin/index.js'
import { Recorder } from './recorder.js'
import { calm } from './timing.js'

t.setTimeout(170_000)
const route = 'POST /v1/chat/completions'

const full = await startBridge(t, { timing: calm, env: { MAX_CONCURRENT: '1', MAX_QUEUED: '0' } })
const states = new Recorder(full)
const write = toolUse('Write', { file_path: 'a.txt', content: 'left' })
const body = ask('[files] hello', { allowed_tools: ['Write'] })
const left = await states.make(
  { name: 'files', cell: [route, 'block', 'stop: files'], body, says: [message(write), message('done')] },
  false,
)
const path = `/tasks/${left.headers.get('x-bridge-task-id')}/files/a.txt`
await states.make({ name: 'file', cell: ['GET /tasks/:id/files/*', 'block', 'read'], path }, false)
full.standin.when('[holds]', hangBeforeHeaders())
const holding = new AbortController()
const held = full.post('/v1/chat/completions', ask('[holds] hello'), {}, holding.signal).catch(() => undefined)
await until(() => full.standin.calls.some((call) => contains(call, '[holds]')))
await states.make({ name: 'full', cell: [route, 'block', 'queue_full'], body: ask('[full] hello') })
await states.make({ name: 'full, task', cell: ['POST /tasks', 'poll', 'queue_full'], body: ask('[full, task] hello') })
holding.abort()
await held

const lost = await startBridge(t, { timing: calm, env: { CLAUDE_BIN: '/nowhere/claude' } })
const without = new Recorder(lost)
await without.make({ name: 'no CLI', cell: [route, 'block', 'claude_unavailable'], body: ask('[no CLI] hello') })
await without.make({ name: 'no CLI, ready', cell: ['GET /health/ready', 'block', 'read'] }, false)

const strange = await startBridge(t, { timing: calm, env: { ANTHROPIC_API_KEY: '' } })
const out = new Recorder(strange)
await out.make({ name: 'no login', cell: [route, 'block', 'claude_not_authenticated'], body: ask('[no login] hello') })
await out.make({ name: 'no login, ready', cell: ['GET /health/ready', 'block', 'read'] }, false)
const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask', arguments: { question: 'x' } } }
const headers = { accept: 'application/json, text/event-stream', 'x-bridge-depth': '99' }
await out.make({ name: 'too deep', cell: ['POST /mcp', 'MCP', 'depth_exceeded'], headers, body: call }, false)

// a test that has asserted once ends by itself as soon as it waits
states.settle(t, 'full')
without.settle(t, 'no-cli')
out.settle(t, 'no-login')
