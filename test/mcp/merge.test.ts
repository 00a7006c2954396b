import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { McpPolicy, mergeTools } from '../../mcp/job/merge.js'
import { type McpRules, originOf, parseRegistry } from '../../mcp/job/registry.js'
import { BridgeError, type Failure } from '../../src/errors/catalogue.js'
import type { ChatRequest } from '../../src/openai/in/chat-request.js'
import type { JobTools } from '../../src/request/conversation.js'
import { createIgnored } from '../../src/request/ignored.js'
import { toMcpAsk } from '../../src/openai/in/mcp.js'
import { parseRequest } from '../../src/openai/in/parse-request.js'

const registry = parseRegistry(
  JSON.stringify({
    mcpServers: {
      filesystem: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '${WORKSPACE:-.}'] },
      search: { command: 'node', args: ['search.js'], env: { KEY: '${SEARCH_KEY}' }, disabledTools: ['delete'] },
      web: { type: 'http', url: 'https://mcp.example.com/mcp', allowedTools: ['read', 'list'] },
    },
  }),
  'test',
)
const filledIn = new Map([['http://127.0.0.1:3010/mcp', 'search']])
const rules: McpRules = { registry, origins: new Set(['https://mcp.example.com']), filledIn, allowAny: false }
const any: McpRules = { ...rules, allowAny: true }

function merge(members: Record<string, unknown>, by = rules): { tools: JobTools | undefined; ignored: string[] } {
  const ignored = createIgnored()
  const ask = toMcpAsk(members as ChatRequest, ignored)
  return { tools: ask === null ? undefined : mergeTools(ask, by, ignored), ignored: ignored.names() }
}

function refused(members: Record<string, unknown>, by = rules): Failure {
  try {
    merge(members, by)
  } catch (error) {
    if (error instanceof BridgeError) return error.failure
    throw error
  }
  throw new Error(`accepted: ${JSON.stringify(members)}`)
}

const inline = (server: unknown, name = 'x') => ({ mcp_config: { mcpServers: { [name]: server } } })
const files = (...args: string[]) => ({ command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', ...args] })

await t.test('nothing asked for is nothing', async (t) => {
  for (const members of [
    {},
    { mcp_config: {} },
    { mcp_config: { mcpServers: {} } },
    { mcp_servers: [] },
    { mcp_servers: {} },
    { allowed_tools: [] },
  ]) {
    t.strictSame(merge(members), { tools: undefined, ignored: [] }, JSON.stringify(members))
  }
})

await t.test('what a job gets', async (t) => {
  const picked = { name: 'filesystem', from: 'registry', entry: 'filesystem' }
  const cases: [members: Record<string, unknown>, tools: unknown, ignored?: string[]][] = [
    [{ mcp_servers: ['filesystem', 'filesystem'] }, { servers: [picked], fileTools: [] }],
    [
      { mcp_servers: ['search'] },
      { servers: [{ name: 'search', from: 'registry', entry: 'search', withheld: ['delete'] }], fileTools: [] },
    ],
    [{ mcp_servers: ['web'] }, { servers: [{ name: 'web', from: 'registry', entry: 'web', tools: ['read', 'list'] }], fileTools: [] }],
    [
      { mcp_servers: ['web', 'filesystem'], allowed_tools: ['mcp__web__read', 'mcp__web__write', 'mcp__filesystem'] },
      { servers: [{ name: 'web', from: 'registry', entry: 'web', tools: ['read'] }, picked], fileTools: [] },
    ],
    [
      { mcp_servers: ['web', 'filesystem'], allowed_tools: ['mcp__filesystem__*'] },
      { servers: [picked], fileTools: [] },
      ['mcp_servers.web'],
    ],
    [
      { allowed_tools: ['Read', 'LS', 'Write(./**)', 'Bash', 'mcp__nobody'] },
      { servers: [], fileTools: ['Read', 'Glob', 'Write'] },
      ['allowed_tools.Bash', 'allowed_tools.mcp__nobody'],
    ],
    [
      inline(files('/tmp'), 'filesystem'),
      { servers: [{ name: 'filesystem', from: 'request', server: { ...files('/tmp'), type: 'stdio' } }], fileTools: [] },
    ],
    [{ mcp_servers: { x: files('${WORKSPACE}/sub') } }, { servers: [{ name: 'x' }] }],
    [
      inline({ command: 'node', args: ['search.js'] }),
      { servers: [{ name: 'x', from: 'registry', entry: 'search', withheld: ['delete'] }] },
    ],
    [inline({ command: 'node', args: ['search.js'], env: { KEY: '${SEARCH_KEY}' } }), { servers: [{ from: 'registry', entry: 'search' }] }],
    [
      inline({ url: 'https://mcp.example.com/other', headers: { 'X-Key': 'k' } }),
      { servers: [{ from: 'request', server: { type: 'http', headers: { 'X-Key': 'k' } } }] },
    ],
    [inline({ url: 'http://127.0.0.1:3010/x/../mcp?y' }), { servers: [{ name: 'x', from: 'registry', entry: 'search' }] }],
    [inline({ ...files('/tmp'), autoApprove: [] }), { servers: [{ name: 'x' }] }, ['mcp_config.mcpServers.x.autoApprove']],
    [
      { ...inline(files('.')), ...{ mcp_config: { mcpServers: { x: files('.') }, other: 1 } } },
      { servers: [{ name: 'x' }] },
      ['mcp_config.other'],
    ],
  ]
  for (const [members, tools, ignored = []] of cases) {
    const result = merge(members)
    t.match(result.tools, tools, JSON.stringify(members))
    t.strictSame(result.ignored, ignored, JSON.stringify(members))
  }
})

await t.test('refused: 403', async (t) => {
  const link = path.join(mkdtempSync(path.join(os.tmpdir(), 'policy-')), 'out')
  symlinkSync('/etc', link)
  t.teardown(() => rmSync(path.dirname(link), { recursive: true }))
  const cases: unknown[] = [
    { command: 'sh', args: ['-c', 'id'] },
    { command: '/bin/sh' },
    { command: 'npx', args: ['-y', 'server-perplexity-ask'] },
    { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem-evil', '/tmp'] },
    { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem@file:/tmp/x', '/tmp'] },
    { command: 'npx', args: ['-c', 'id', '@modelcontextprotocol/server-filesystem'] },
    { command: 'node', args: ['other.js'] },
    { command: 'node', args: ['--import=/tmp/x.js', 'search.js'] },
    { command: 'node', args: ['search.js'], env: { NODE_OPTIONS: '--import=/tmp/x.js' } },
    { command: 'node', args: ['search.js'], env: { KEY: 'other' } },
    { ...files('/tmp'), env: { NODE_OPTIONS: '--import=/tmp/x.js' } },
    files(),
    files('/'),
    files('/etc'),
    files('/tmp/../etc'),
    files('../..'),
    files('a/../../..'),
    files('/tmpx'),
    files('~'),
    files('--inspect'),
    files('/tmp', '/root'),
    files('${HOME}'),
    files('${WORKSPACE}/../x'),
    files(link),
    files(`${link}/ssh`),
    { url: 'http://127.0.0.1:3010/tasks' },
    { url: 'http://127.0.0.1:3010/mcp/../tasks' },
    { url: 'http://127.0.0.1:3010/mcp/' },
    { url: 'http://localhost:3010/mcp' },
    { url: 'http://169.254.169.254/latest' },
    { url: 'http://10.0.0.1/' },
    { url: 'http://mcp.example.com/mcp' },
    { url: 'https://mcp.example.com:8443/mcp' },
    { url: 'https://mcp.example.com.evil.test/' },
    { url: 'https://user:pw@mcp.example.com/' },
    { url: 'https://mcp.example.com@evil.test/' },
    { url: 'file:///etc/passwd' },
    { type: 'sse', url: 'gopher://x' },
  ]
  for (const server of cases) {
    const failure = refused(inline(server))
    t.match(failure, { code: 'mcp_server_not_allowed', param: 'mcp_config.mcpServers.x' }, JSON.stringify(server))
  }
})

await t.test('refused: 400', async (t) => {
  const proto = JSON.parse('{"mcpServers": {"__proto__": {"command": "sh"}}}') as unknown
  const cases: [members: Record<string, unknown>, param: string][] = [
    [{ mcp_config: proto }, 'mcp_config.mcpServers.__proto__'],
    [{ mcp_servers: ['nobody'] }, 'mcp_servers'],
    [{ mcp_servers: ['__proto__'] }, 'mcp_servers'],
    [{ mcp_servers: ['../filesystem'] }, 'mcp_servers'],
    [inline(files('/tmp'), '../x'), 'mcp_config.mcpServers.../x'],
    [inline(files('/tmp'), 'a__b'), 'mcp_config.mcpServers.a__b'],
    [inline(files('/tmp'), 'client'), 'mcp_config.mcpServers.client'],
    [inline(files('/tmp'), ''), 'mcp_config.mcpServers.'],
    [{ mcp_config: { mcpServers: [] } }, 'mcp_config.mcpServers'],
    [{ mcp_config: { mcpServers: 'x' } }, 'mcp_config.mcpServers'],
    [inline(7), 'mcp_config.mcpServers.x'],
    [inline({}), 'mcp_config.mcpServers.x.command'],
    [inline({ command: 'a\0b' }), 'mcp_config.mcpServers.x.command'],
    [inline({ command: 'x', args: [1] }), 'mcp_config.mcpServers.x.args.0'],
    [inline({ command: 'x', args: Array.from({ length: 65 }, () => 'a') }), 'mcp_config.mcpServers.x.args'],
    [inline({ url: 'https://mcp.example.com/', headers: { 'X-A': 'a\r\nHost: evil' } }), 'mcp_config.mcpServers.x.headers.X-A'],
    [inline({ url: 'https://mcp.example.com/', headers: { 'X-A: b\r\nX': 'a' } }), 'mcp_config.mcpServers.x.headers.X-A: b\r\nX'],
    [inline({ url: 'https://mcp.example.com/', headers: { Host: 'evil' } }), 'mcp_config.mcpServers.x.headers.Host'],
    [{ mcp_servers: ['filesystem'], ...inline(files('/tmp'), 'filesystem') }, 'mcp_config.mcpServers.filesystem'],
    [{ mcp_servers: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`s${i}`, files('/tmp')])) }, 'mcp_servers'],
    [{ mcp_servers: ['filesystem'], allowed_tools: [] }, 'allowed_tools'],
    [{ mcp_servers: ['filesystem'], allowed_tools: ['mcp__web'] }, 'allowed_tools'],
    [{ mcp_servers: ['search'], allowed_tools: ['mcp__search__delete'] }, 'allowed_tools'],
    [{ mcp_servers: ['web'], allowed_tools: ['mcp__web__write'] }, 'allowed_tools'],
    [{ allowed_tools: ['Bash'] }, 'allowed_tools'],
    [{ allowed_tools: ['Read(//etc/**)', 'Bash(ls)', '*', 'mcp__*', 'constructor'] }, 'allowed_tools'],
  ]
  for (const [members, param] of cases) {
    const failure = refused(members)
    t.match(failure, { code: 'invalid_value', param }, `${JSON.stringify(members)}: ${failure.message}`)
  }
})

await t.test('servers of a tool that is brought in later', async (t) => {
  const options = { claudeModel: 'sonnet', mcp: new McpPolicy(rules) }
  const parse = (members: Record<string, unknown>) =>
    parseRequest(
      { model: 'sonnet', question: 'q', validation: [{ type: 'not_empty' }], max_attempts_before_tool_use: 1, ...members },
      options,
    )
  const debug = { debug_tool_mcp_config: { mcpServers: { files: files('/tmp') } } }
  const alone = parse(debug)
  t.equal(alone.run.inside, undefined, 'not before its time')
  t.match(alone.plan?.tool?.request, { inside: { servers: [{ name: 'files', from: 'request' }] } })
  const beside = parse({ ...debug, mcp_servers: ['web'], allowed_tools: ['mcp__web__read', 'Read'] })
  t.match(beside.run.inside, { servers: [{ name: 'web', tools: ['read'] }], fileTools: ['Read'] })
  t.match(beside.plan?.tool?.request, { inside: { servers: [{ name: 'web', tools: ['read'] }, { name: 'files' }], fileTools: ['Read'] } })
  t.throws(
    () => parse({ debug_tool_mcp_config: { mcpServers: { x: { command: 'sh' } } } }),
    /not allowed: its command is not in the registry/,
  )
})

await t.test('MCP_ALLOW=any lets commands and hosts in, not broken ones', async (t) => {
  for (const server of [
    { command: 'sh', args: ['-c', 'x'] },
    { url: 'http://10.0.0.1/' },
    files('/srv'),
    { command: 'x', env: { A: 'b' } },
  ]) {
    t.match(merge(inline(server), any).tools, { servers: [{ from: 'request' }] }, JSON.stringify(server))
  }
  t.match(refused(inline({ url: 'file:///x' }), any), { code: 'mcp_server_not_allowed' })
  t.match(refused(inline({ command: 'x' }, 'a b'), any), { code: 'invalid_value' })
  t.match(refused(inline({ url: 'http://x/', headers: { A: 'b\nc' } }), any), { code: 'invalid_value' })
})

await t.test('no refusal repeats a secret', async (t) => {
  const secret = 's3cret'
  for (const server of [
    { command: secret, args: [secret], env: { KEY: secret } },
    { url: `https://u:${secret}@mcp.example.com/` },
    { url: 'https://x.test', headers: { A: `${secret}\n` } },
  ]) {
    t.notMatch(JSON.stringify(refused(inline(server))), secret)
  }
  t.equal(originOf(`https://u:${secret}@h/`), null)
})
