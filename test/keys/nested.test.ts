/** What a job asks the bridge: with a token of its own, under the limits of its owner's key, and never as the operator. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { ask, direct, gate, startBridge, until } from '../helper.js'
import { temporary } from '../helper-server.js'
import { FrameReader } from '../helper-sse.js'
import { message } from '../standin/index.js'

const adminKey = 'an-admin-key-of-32-characters-00'
const { opened, open } = gate()
let tell!: (authorization: string) => void
const told = new Promise<string>((resolve) => (tell = resolve))
// an MCP server that is not there before the test has done with the token
const catcher = createServer((request, response) => {
  tell(request.headers.authorization ?? '')
  void opened.then(() => response.writeHead(500).end())
})
await new Promise<void>((resolve) => catcher.listen(0, '127.0.0.1', resolve))
t.teardown(() => {
  open()
  catcher.close()
})
const registry = path.join(temporary(t), 'mcp.json')
const url = `http://127.0.0.1:${(catcher.address() as AddressInfo).port}/`
const entry = { type: 'http', url, headers: { Authorization: 'Bearer ${CLAUDE_BRIDGE_KEY}' } }
writeFileSync(registry, JSON.stringify({ mcpServers: { catcher: entry } }))
const bridge = await startBridge(t, { direct: 10, env: { ADMIN_KEY: adminKey, MCP_CONFIG: registry, MCP_START_TIMEOUT_S: '60' } })

await t.test('a token of a job', async (t) => {
  const operator = { authorization: `Bearer ${adminKey}` }
  const made = await bridge.post('/admin/keys', { name: 'ann', admin: true, models: ['haiku'] }, operator)
  const { id, key } = (await made.json()) as { id: string; key: string }
  const headers = { authorization: `Bearer ${key}` }
  const task = (await (await bridge.post('/tasks', ask('x', { model: 'haiku', mcp_servers: ['catcher'] }), headers)).json()) as {
    id: string
  }
  const token = { authorization: await told }
  t.match(token.authorization, /^Bearer job_/, "not the owner's key")
  t.match(await (await bridge.get('/tasks', token)).json(), { data: [{ id: task.id }] }, 'it acts for the owner')
  t.match(await (await bridge.post('/v1/chat/completions', ask('x', { model: direct }), token)).json(), {
    error: { code: 'model_not_found', message: /may not use/ },
  })
  t.match(await (await bridge.get('/admin/keys', token)).json(), { error: { code: 'admin_key_required' } }, 'and is no operator')
  t.equal((await bridge.get('/admin/keys', headers)).status, 200)

  // what it has asked for and what it is asking for, when its owner's key goes
  await fetch(`${bridge.url}/admin/keys/${id}`, {
    method: 'PATCH',
    headers: { ...operator, 'content-type': 'application/json' },
    body: '{"models": null}',
  })
  bridge.standin.when('N-held', message('one two three', { hold: { afterDeltas: 1, until: opened } }))
  const chat = '/v1/chat/completions'
  const started = (await (await bridge.post('/tasks', ask('N-held', { model: direct }), token)).json()) as { id: string }
  const streamed = await bridge.post(chat, ask('N-held', { model: direct, stream: true }), token)
  const reader = new FrameReader(streamed)
  await reader.next()
  // in the place of the job that asks there is room for one at a time
  const waits = bridge.post(chat, ask('N-held', { model: direct }), token)
  await until(() => bridge.app.jobs.stats('network').running === 1 && bridge.app.jobs.stats('network').queued === 1)

  const revoked = await fetch(`${bridge.url}/admin/keys/${id}`, { method: 'DELETE', headers: operator })
  t.equal(revoked.status, 200)
  t.match(await (await waits).json(), { error: { code: 'cancelled' } }, 'a chat that is waited for ends')
  t.match((await reader.all()).map(({ data }) => data).join(''), /"code":"cancelled"/, 'a stream ends')
  for (const one of [started.id, task.id]) t.match(await bridge.app.jobs.get(one, id), { status: 'cancelled' })
  const asks = [ask('N-late', { model: direct }), ask('N-late', { model: direct, stream: true })]
  const routes = [chat, '/tasks', '/v1/responses', '/openai/deployments/direct/chat/completions', '/mcp']
  for (const route of routes) {
    for (const body of asks) t.match(await (await bridge.post(route, body, token)).json(), { error: { code: 'invalid_api_key' } }, route)
  }
  for (const route of ['/tasks', `/tasks/${started.id}`, `/tasks/${started.id}/events`, '/v1/models', '/usage'])
    t.equal((await bridge.get(route, token)).status, 401, route)
  t.equal((await bridge.post(`/tasks/${started.id}/retry`, {}, token)).status, 401)
  t.notOk(
    bridge.standin.calls.some((call) => JSON.stringify(call.body).includes('N-late')),
    'and nothing is asked any more',
  )
  open()
})
