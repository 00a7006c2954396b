/** What a key may use of MCP servers and tools, of what the server allows. */
import t from 'tap'
import { mergeTools } from '../../mcp/job/merge.js'
import type { McpRules } from '../../mcp/job/registry.js'
import { toolRulesFor } from '../../src/keys/tool-rules.js'
import { createIgnored } from '../../src/request/ignored.js'
import type { McpAsk } from '../../src/request/mcp-ask.js'

const server = (name: string) => ({ type: 'http' as const, url: `http://${name}.example/mcp` })
const rules: McpRules = {
  registry: new Map([
    ['files', { server: server('files'), disabledTools: ['rm'] }],
    ['web', { server: server('web'), allowedTools: ['get', 'post'], disabledTools: [] }],
  ]),
  origins: new Set(['http://files.example', 'http://web.example']),
  filledIn: new Map(),
  allowAny: false,
}
const policy = { settle: (ask: McpAsk, ignored = createIgnored()) => mergeTools(ask, rules, ignored) }

type Bounds = { mcpServers?: string[]; tools?: string[] }
const settle = ({ mcpServers, tools }: Bounds, ask: Partial<McpAsk>) =>
  toolRulesFor({ mcpServers: mcpServers ?? null, tools: tools ?? null }, policy).settle({ picks: [], inline: [], ...ask }, createIgnored())
const servers = (bounds: Bounds, ask: Partial<McpAsk>) =>
  settle(bounds, ask)?.servers.map(({ name, tools }) => [name, ...(tools ?? ['all'])])
const refused = { name: 'BridgeError', failure: { code: 'mcp_server_not_allowed' } } as unknown as Error

await t.test('servers', async (t) => {
  t.strictSame(servers({}, { picks: ['files', 'web'] }), [
    ['files', 'all'],
    ['web', 'get', 'post'],
  ])
  t.strictSame(servers({ mcpServers: ['files'] }, { picks: ['files'] }), [['files', 'all']])
  t.throws(() => servers({ mcpServers: ['files'] }, { picks: ['files', 'web'] }), refused)
  t.throws(() => servers({ mcpServers: [] }, { picks: ['files'] }), refused)
  const inline = [{ name: 'files', value: { type: 'http', url: 'http://web.example/other' }, param: 'mcp_config' }]
  t.strictSame(servers({}, { inline }), [['files', 'all']])
  t.throws(() => servers({ mcpServers: ['files'] }, { inline }), refused, 'one of its own under the name of another')
  t.throws(() => servers({ tools: ['mcp__files'] }, { inline }), refused)
})

await t.test('tools', async (t) => {
  const bounds = { tools: ['mcp__web__get', 'mcp__web__put', 'mcp__files', 'Read(./**)'] }
  t.strictSame(servers(bounds, { picks: ['web'] }), [['web', 'get']], 'of all that it has, those of the key')
  t.strictSame(servers(bounds, { picks: ['web'], allowedTools: ['mcp__web'] }), [['web', 'get']])
  t.throws(
    () => servers(bounds, { picks: ['web'], allowedTools: ['mcp__web__get', 'mcp__web__post'] }),
    refused,
    'one that is named is refused',
  )
  t.strictSame(servers(bounds, { picks: ['files'] }), [['files', 'all']])
  t.strictSame(servers(bounds, { picks: ['files'], allowedTools: ['mcp__files__ls'] }), [['files', 'ls']])
  t.throws(() => servers({ tools: ['mcp__files__rm'] }, { picks: ['files'] }), refused, 'what the registry withholds stays withheld')
  t.throws(() => servers({ tools: ['Read'] }, { picks: ['web'] }), refused)
  t.strictSame(settle(bounds, { allowedTools: ['Read'] })?.fileTools, ['Read'])
  t.throws(() => settle(bounds, { allowedTools: ['Read', 'Write'] }), refused)
  t.throws(() => settle({ tools: [] }, { allowedTools: ['Read'] }), refused)
  t.strictSame(settle({ mcpServers: [] }, { allowedTools: ['Write'] })?.fileTools, ['Write'], 'servers are no file tools')
})
