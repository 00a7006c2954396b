/** Servers that hang, crash, are missing or chatter; what they inherit, what they leave, and what they may fill. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { markedProcesses, readProc } from '../claude/harness.js'
import { startBridge, until } from '../helper.js'
import { contains, message, toolResults, toolUse } from '../standin/index.js'
import { openWorkspaceRoot } from '../../workspace/workspace.js'

t.setTimeout(240_000)
const stub = path.join(import.meta.dirname, 'stub-server.js')
const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-servers-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const secret = 'v3ry-s3cret-value'
const server = (how: string) => ({ command: process.execPath, args: [stub, how], env: { STUB_KEY: '${STUB_KEY}' } })
const kinds = ['hang', 'crash', 'chatter', 'stay', 'deaf', 'environment', 'grow', 'many', 'keys']
const registry = {
  mcpServers: {
    ...Object.fromEntries(kinds.map((how) => [how, server(how)])),
    hasty: { ...server('slow'), timeout: 1000 },
    missing: { command: '/nowhere/no-such-program' },
    refusing: { type: 'http', url: 'http://127.0.0.1:9/mcp', headers: { Authorization: 'Bearer ${STUB_KEY}' } },
  },
}
const file = path.join(folder, 'registry.json')
writeFileSync(file, JSON.stringify(registry))
const bridge = await startBridge(t, {
  env: {
    MCP_CONFIG: file,
    MCP_START_TIMEOUT_S: '8',
    STUB_KEY: secret,
    WORKSPACE_MAX_MB: '2',
    WORKSPACE_MAX_FILES: '50',
    API_KEYS: 'me:bridge-key-1',
  },
})
const { standin } = bridge
const workspaces = openWorkspaceRoot(bridge.app.config.dataDir)
const auth = { authorization: 'Bearer bridge-key-1' }
const callsOf = (marker: string) => standin.calls.filter((call) => contains(call, marker))

interface Keyed {
  properties: Record<string, unknown>
}

interface Body {
  error?: { code: string; message: string }
  choices?: { message: { content: string } }[]
  bridge?: { task_id: string }
}

async function chat(how: string, marker: string, more: Record<string, unknown> = {}): Promise<{ status: number; body: Body }> {
  const ask = { model: 'sonnet', mcp_servers: [how], messages: [{ role: 'user', content: marker }], ...more }
  const response = await bridge.post('/v1/chat/completions', ask, auth)
  return { status: response.status, body: (await response.json()) as Body }
}

const called = (how: string) => [message(toolUse(`mcp__${how}__call`, {})), message('ok')] as const

await t.test('a server that does not come up fails the job, by name, before the model is asked', async (t) => {
  const cases: [how: string, says: RegExp][] = [
    ['hang', /'hang' failed to start: it did not answer within 8 s\. It said: stub: this is how: hang; key \*\*\*/],
    ['crash', /'crash' failed to start: .*It said: stub: this is how: crash/s],
    ['missing', /'missing' failed to start: .*It said: command not found/s],
    ['refusing', /'refusing' failed to start: .*It said: fetch failed: ./s],
  ]
  await Promise.all(
    cases.map(async ([how, says]) => {
      const { status, body } = await chat(how, `M-${how}`)
      t.equal(status, 502)
      t.match(body.error, { code: 'mcp_server_failed', message: says })
      t.notMatch(JSON.stringify(body), secret)
      t.equal(callsOf(`M-${how}`).length, 0, 'no token is spent')
    }),
  )
  await bridge.idle()
  t.ok(await until(() => markedProcesses(workspaces).length === 0))
})

await t.test('one that chatters on both streams works', async (t) => {
  standin.when('M-chatter', ...called('chatter'))
  const { body } = await chat('chatter', 'M-chatter')
  t.equal(body.choices?.[0]?.message.content, 'ok', JSON.stringify(body))
  t.match(toolResults(callsOf('M-chatter')[1]!), [{ text: 'called', isError: false }])
})

await t.test('keys that the API does not take are told under other names, and called as the server knows them', async (t) => {
  standin.when(
    'M-keys',
    (request) => {
      const { properties } = request.body.tools!.find(({ name }) => name === 'mcp__keys__call')!.input_schema as {
        properties: Record<string, Keyed>
      }
      const [top, size] = Object.keys(properties)
      const [inner] = Object.keys(properties[size!]!.properties)
      for (const key of [top, size, inner]) t.match(key, /^[a-zA-Z0-9_.-]{1,64}$/)
      return message(toolUse('mcp__keys__call', { [top!]: 2, [size!]: { [inner!]: 'x' } }))
    },
    message('ok'),
  )
  t.equal((await chat('keys', 'M-keys')).status, 200)
  t.strictSame(JSON.parse(toolResults(callsOf('M-keys')[1]!)[0]!.text), { $top: 2, größe: { 'a b': 'x' } })
})

await t.test("an entry's own limit of time for a call", async (t) => {
  standin.when('M-hasty', ...called('hasty'))
  const from = performance.now()
  t.equal((await chat('hasty', 'M-hasty')).status, 200)
  t.match(toolResults(callsOf('M-hasty')[1]!), [{ isError: true, text: /time/i }])
  t.ok(performance.now() - from < 5000, 'it does not wait for the tool')
})

await t.test('a server knows its own environment and no more; its secret stands nowhere else', async (t) => {
  // an answer does not wait for the end of its process: the folder is to be this job's
  await bridge.idle()
  let config = ''
  const cmdlines: string[] = []
  standin.when('M-environment', (request) => {
    const [workspace] = readdirSync(workspaces)
    config = path.join(workspaces, workspace!, 'mcp.json')
    t.match(readFileSync(config, 'utf8'), secret, 'expanded for the CLI')
    t.equal(statSync(config).mode & 0o777, 0o600, 'for its user only')
    for (const pid of markedProcesses(workspaces)) cmdlines.push(readProc(pid, 'cmdline'))
    return called('environment')[toolResults(request).length > 0 ? 1 : 0]
  })
  const { body } = await chat('environment', 'M-environment')
  t.equal(body.choices?.[0]?.message.content, 'ok', JSON.stringify(body))
  const environment = JSON.parse(toolResults(callsOf('M-environment')[1]!)[0]!.text) as Record<string, string>
  t.equal(environment['STUB_KEY'], secret)
  const names = Object.keys(environment)
  for (const name of ['ANTHROPIC_API_KEY', 'API_KEYS', 'DATA_DIR', 'MCP_CONFIG']) t.notOk(names.includes(name), name)
  t.ok(cmdlines.length > 0 && cmdlines.every((line) => !line.includes(secret)), 'not in argv')
  await bridge.idle()
  t.notOk(existsSync(config))
  const task = await (await bridge.get(`/tasks/${body.bridge!.task_id}/events`, auth)).text()
  t.notMatch(task, secret)
  t.notMatch(bridge.logs.join(''), secret)
  const stored = readdirSync(bridge.app.config.dataDir).filter((name) => name.includes('.db') || name.includes('sqlite'))
  t.ok(stored.length > 0)
  for (const name of stored) t.notOk(readFileSync(path.join(bridge.app.config.dataDir, name)).includes(secret), `not in ${name}`)
})

await t.test('nothing outlives its job, whatever it did', async (t) => {
  for (const how of ['stay', 'deaf']) {
    standin.when(`M-${how}`, ...called(how))
    const { body } = await chat(how, `M-${how}`)
    t.equal(body.choices?.[0]?.message.content, 'ok', JSON.stringify(body))
  }
  const pid = Number(toolResults(callsOf('M-stay')[1]!)[0]!.text)
  t.ok(pid > 0)
  t.ok(await until(() => !isRunning(pid)), 'in a session and an environment of its own')
  // the kernel may take a moment
  await bridge.idle()
  t.ok(await until(() => markedProcesses(workspaces).length === 0))
  t.strictSame(readdirSync(workspaces), [])
})

await t.test('a workspace has a size', async (t) => {
  for (const [how, says] of [
    ['grow', /more than 2 MB/],
    ['many', /more than 50 files/],
  ] as const) {
    // the model takes its time after the call
    standin.when(`M-${how}`, called(how)[0], message('never', { pace: { headersDelayMs: 20_000 } }))
    const { status, body } = await chat(how, `M-${how}`)
    t.equal(status, 422)
    t.match(body.error, { code: 'workspace_limit_exceeded', message: says })
  }
  await bridge.idle()
  t.strictSame(readdirSync(workspaces), [])
})

await t.test('what is hostile is refused and logged', async (t) => {
  const before = standin.calls.length
  const cases: [server: unknown, status: number, code: string][] = [
    [{ command: 'sh', args: ['-c', `echo ${secret}`] }, 403, 'mcp_server_not_allowed'],
    [{ command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '../..'] }, 403, 'mcp_server_not_allowed'],
    [{ url: 'http://10.0.0.1/mcp' }, 403, 'mcp_server_not_allowed'],
    [{ url: 'http://127.0.0.1:9/', headers: { A: 'b\r\nHost: c' } }, 400, 'invalid_value'],
  ]
  for (const [evil, status, code] of cases) {
    const refused = await chat('x', 'M-evil', { mcp_servers: { x: evil } })
    t.equal(refused.status, status)
    t.match(refused.body.error, { code })
  }
  const raw =
    '{"model":"sonnet","messages":[{"role":"user","content":"M-evil"}],"mcp_config":{"mcpServers":{"__proto__":{"command":"sh"}}}}'
  t.equal((await bridge.post('/v1/chat/completions', raw, auth)).status, 400)
  const check = (await (
    await bridge.post(
      '/v1/chat/completions/check',
      { model: 'sonnet', messages: [{ role: 'user', content: 'x' }], mcp_servers: { x: { command: 'sh' } } },
      auth,
    )
  ).json()) as { ok: boolean; error: { code: string } }
  t.match(check, { ok: false, error: { code: 'mcp_server_not_allowed' } })
  t.equal(standin.calls.length, before)
  const logged = bridge.logs.filter((line) => line.includes("The MCP server 'x' is not allowed"))
  t.equal(logged.length, 3)
  t.match(logged[0], /"owner":"me"/)
  t.notMatch(bridge.logs.join(''), secret)
})

/** Whether a process runs; one that is dead and not yet waited for does not. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
