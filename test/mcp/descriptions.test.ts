/** What the model is told of a tool: every word of its description, whoever offers it and however the CLI is logged in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type Bridge, startBridge } from '../helper.js'
import { type RecordedRequest, contains, message, toolResults, toolUse } from '../standin/index.js'
import { longTexts, wordsOf } from './long-texts.js'
import { longResult, startTextsServer } from './texts-server.js'

t.setTimeout(240_000)
const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-descriptions-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const [json, stream, sse] = await Promise.all([startTextsServer('json'), startTextsServer('stream'), startTextsServer('sse')])
t.teardown(() => [json, stream, sse].forEach((server) => server.close()))

const headers = { 'x-texts': 'from the registry' }
const registry = path.join(folder, 'registry.json')
const stdio = { command: process.execPath, args: [path.join(import.meta.dirname, 'texts-server.js')] }
const mcpServers = {
  stdio,
  json: { type: 'http', url: json.url, headers },
  stream: { type: 'http', url: stream.url },
  sse: { type: 'sse', url: sse.url, headers },
}
writeFileSync(registry, JSON.stringify({ mcpServers }))

/** The tools of the last call, by the name that follows the prefix: their descriptions and those of their parameter. */
function told(call: RecordedRequest, server: string): Map<string, { tool: string | undefined; parameter: string | undefined }> {
  const prefix = `mcp__${server}__`
  const tools = (call.body.tools ?? []).filter(({ name }) => name.startsWith(prefix))
  return new Map(
    tools.map(({ name, description, input_schema: schema }) => {
      const { of } = (schema as { properties: { of: { description?: string } } }).properties
      return [name.slice(prefix.length), { tool: description, parameter: of.description }]
    }),
  )
}

function areWhole(t: Test, call: RecordedRequest, server: string): void {
  const got = told(call, server)
  t.equal(got.size, Object.keys(longTexts).length, `${server}: every tool is there`)
  for (const [name, text] of Object.entries(longTexts)) {
    const { tool = '', parameter = '' } = got.get(name) ?? {}
    t.ok(wordsOf(tool) === wordsOf(text), `${server}: ${name}: ${tool.length} of ${text.length} characters`)
    t.ok(wordsOf(parameter) === wordsOf(text), `${server}: ${name}: the parameter's`)
  }
}

const functions = Object.entries(longTexts).map(([name, description]) => {
  const parameters = { type: 'object', properties: { of: { type: 'string', description } } }
  return { type: 'function', function: { name, description, parameters } }
})

async function ask(bridge: Bridge, marker: string, more: object): Promise<RecordedRequest> {
  const messages = [{ role: 'user', content: marker }]
  const response = await bridge.post('/v1/chat/completions', { model: 'sonnet', messages, ...more })
  if (response.status !== 200) throw new Error(await response.text())
  await response.arrayBuffer()
  return bridge.standin.calls.findLast((call) => contains(call, marker))!
}

const logins: { name: string; env: Record<string, string>; servers: string[] }[] = [
  { name: 'an API key', env: {}, servers: ['stdio', 'json', 'stream', 'sse'] },
  { name: 'a bearer token', env: { ANTHROPIC_API_KEY: '', ANTHROPIC_AUTH_TOKEN: 'token-of-the-stand-in' }, servers: ['stdio'] },
  { name: 'an OAuth token', env: { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'token-of-the-stand-in' }, servers: ['stdio', 'json'] },
]

for (const { name: login, env, servers } of logins) {
  await t.test(login, async (t) => {
    const bridge = await startBridge(t, { env: { MCP_CONFIG: registry, ...env } })
    const functionsCall = await ask(bridge, 'M-functions', { tools: functions })
    areWhole(t, functionsCall, 'client')
    const uses = servers.map((name) => toolUse(`mcp__${name}__one_paragraph`, {}, `toolu_${name}`))
    bridge.standin.when('M-servers', message(uses), message('ok'))
    const call = await ask(bridge, 'M-servers', { mcp_servers: servers })
    for (const name of servers) {
      areWhole(t, call, name)
      const result = toolResults(call).find(({ id }) => id === `toolu_${name}`)
      t.ok(result?.text === longResult, `${name}: a long result: ${result?.text.length} characters`)
    }
    if (login !== 'an API key') return
    areWhole(t, await ask(bridge, 'M-brought', { mcp_servers: { mine: { url: stream.url } } }), 'mine')
    areWhole(t, await ask(bridge, 'M-files', { mcp_servers: ['stdio'], allowed_tools: ['Read', 'mcp__stdio__*'] }), 'stdio')
  })
}

await t.test('a server over HTTP hears what it would hear of the CLI', async (t) => {
  for (const { heads } of [json, sse])
    t.ok(heads.length > 2 && heads.every((head) => head['x-texts'] === headers['x-texts']), 'its headers')
  const later = json.heads.filter((head) => head['mcp-session-id'] === 'one' && head['mcp-protocol-version'] !== undefined)
  t.ok(later.length > 0, 'its session, and the version that was agreed on')
})
