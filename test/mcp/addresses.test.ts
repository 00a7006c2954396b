/** Which addresses a job's HTTP servers can reach, and that what a request brings is taken as it stands. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { startBridge } from '../helper.js'
import { contains, message, toolResults, toolUse } from '../standin/index.js'
import { startTextsServer } from './texts-server.js'

t.setTimeout(240_000)
const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-addresses-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const [here, there] = await Promise.all([startTextsServer('json'), startTextsServer('json')])
t.teardown(() => [here, there].forEach((server) => server.close()))
const registry = path.join(folder, 'registry.json')
const own = {
  type: 'http',
  url: '${CLAUDE_BRIDGE_URL:-http://127.0.0.1:3010/mcp}',
  headers: { Authorization: 'Bearer ${CLAUDE_BRIDGE_KEY}' },
}
writeFileSync(registry, JSON.stringify({ mcpServers: { here: { url: here.url }, bridge: own } }))
const bridge = await startBridge(t, { env: { MCP_CONFIG: registry, SECRET_OF_THE_HOST: 'never-told', API_KEYS: 'ann:key-of-ann-1' } })
const { standin } = bridge
standin.when('A-served', message('served'))

const auth = { authorization: 'Bearer key-of-ann-1' }
const chat = async (server: object, marker = 'A-served') => {
  const ask = { model: 'sonnet', mcp_config: { mcpServers: { x: server } }, messages: [{ role: 'user', content: marker }] }
  const response = await bridge.post('/v1/chat/completions', ask, auth)
  return { status: response.status, body: (await response.json()) as { error?: { code: string; message: string } } }
}
const moved = (to: string, status = 307) => here.url.replace('/mcp', `/moved?status=${status}&to=${encodeURIComponent(to)}`)

await t.test('redirects', async (t) => {
  for (const status of [301, 302, 307, 308]) t.equal((await chat({ url: moved('/mcp', status) })).status, 200, `${status} within the host`)
  const before = there.heads.length
  const away: [string, RegExp][] = [
    [there.url, /redirects to another address/],
    [`//127.0.0.1:${new URL(there.url).port}/mcp`, /redirects to another address/],
    ['http://169.254.169.254/latest', /redirects to another address/],
    [moved(there.url), /redirects to another address/],
  ]
  for (const [to, says] of away) {
    const { status, body } = await chat({ url: moved(to) })
    t.equal(status, 502, to)
    t.match(body.error, { code: 'mcp_server_failed', message: says }, to)
  }
  t.equal(there.heads.length, before, 'nothing came there')
})

await t.test('headers of a request are sent as they stand', async (t) => {
  const value = 'a ${HOME} ${SECRET_OF_THE_HOST} ${SECRET_OF_THE_HOST:-b} $PATH ${WORKSPACE_} \\${x}'
  t.equal((await chat({ url: here.url, headers: { 'X-Literal': value } })).status, 200)
  t.equal(here.heads.at(-1)!['x-literal'], value)
})

await t.test('of the bridge itself a request reaches what its entry names', async (t) => {
  const { port } = bridge
  for (const url of [`http://127.0.0.1:${port}/tasks`, `http://127.0.0.1:${port}/mcp`, 'http://127.0.0.1:3010/tasks']) {
    t.match(await chat({ url }), { status: 403, body: { error: { code: 'mcp_server_not_allowed' } } }, url)
  }
  // word for word the address in the registry is the entry, filled in for the job
  t.equal((await chat({ url: 'http://127.0.0.1:3010/mcp' })).status, 200)
})

await t.test('a folder below the workspace is there once', async (t) => {
  standin.when('A-folder', message(toolUse('mcp__x__write_file', { path: 'a.txt', content: 'a' })), message('written'))
  const files = { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '${WORKSPACE}/sub/'] }
  t.equal((await chat(files, 'A-folder')).status, 200)
  const results = toolResults(standin.calls.findLast((call) => contains(call, 'A-folder'))!)
  t.match(results, [{ isError: false }], JSON.stringify(results))
  const { data } = (await (await bridge.get('/tasks?limit=1', auth)).json()) as { data: { id: string }[] }
  const { files: kept } = (await (await bridge.get(`/tasks/${data[0]!.id}`, auth)).json()) as { files?: { path: string }[] }
  t.strictSame(
    kept?.map((file) => file.path),
    ['sub/a.txt'],
  )
})
