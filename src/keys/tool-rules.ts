/** What a key may use of MCP servers and tools: what the server allows, and of that only what the key has. */
import { readToolName } from '../../mcp/job/tool-names.js'
import { BridgeError } from '../errors/catalogue.js'
import type { MadeKey } from '../jobs/keys.js'
import type { JobServer, JobTools } from '../request/conversation.js'
import type { ToolRules } from '../request/mcp-ask.js'

type Bounds = Pick<MadeKey, 'mcpServers' | 'tools'>

/** The same rules for a key. Throws also 403 `mcp_server_not_allowed` for what the key does not have. */
export function toolRulesFor(bounds: Bounds, rules: ToolRules): ToolRules {
  if (bounds.mcpServers === null && bounds.tools === null) return rules
  return {
    settle(ask, ignored) {
      const settled = rules.settle(ask, ignored)
      if (settled === undefined) return undefined
      checkNamed(ask.allowedTools ?? [], settled, bounds)
      return { ...settled, servers: settled.servers.map((server) => narrowed(server, bounds)) }
    },
  }
}

/** A tool that the request names is refused, not left out. */
function checkNamed(allowedTools: readonly string[], { servers, fileTools }: JobTools, { tools }: Bounds): void {
  if (tools === null) return
  const files = tools.map(readToolName).flatMap((tool) => (tool?.kind === 'file' ? [tool.tool] : []))
  const file = fileTools.find((tool) => !files.includes(tool))
  if (file !== undefined) throw notAllowed(`use the tool ${file}`, 'allowed_tools')
  for (const name of allowedTools) {
    const asked = readToolName(name)
    if (asked?.kind !== 'tool') continue
    const server = servers.find((one) => one.name === asked.server)
    if (server === undefined) continue
    const own = toolsOf(entryOf(server), tools)
    if (own !== 'all' && !own.includes(asked.tool)) throw notAllowed(`use the tool ${name.slice(0, 200)}`, 'allowed_tools')
  }
}

function narrowed(server: JobServer, { mcpServers, tools }: Bounds): JobServer {
  const entry = entryOf(server)
  // under the name of an entry a request could bring another server
  if (entry === null) throw notAllowed(`bring MCP servers of its own, such as ${server.name}`, 'mcp_config')
  if (mcpServers !== null && !mcpServers.includes(entry)) throw notAllowed(`use the MCP server ${entry}`, 'mcp_servers')
  if (tools === null) return server
  const own = toolsOf(entry, tools)
  if (own === 'all') return server
  const { withheld = [] } = server
  const left = (server.tools ?? own).filter((tool) => own.includes(tool) && !withheld.includes(tool))
  if (left.length === 0) throw notAllowed(`use a tool of the MCP server ${entry}`, 'mcp_servers')
  return { ...server, tools: left }
}

/** Its name in the registry; null for one that the request brings. */
function entryOf(server: JobServer): string | null {
  return server.from === 'registry' ? server.entry : null
}

/** What a key's list has of a server, by the server's names. */
function toolsOf(entry: string | null, tools: readonly string[]): readonly string[] | 'all' {
  const own = tools.map(readToolName).filter((tool) => tool !== null && tool.kind !== 'file' && tool.server === entry)
  if (own.some((tool) => tool?.kind === 'server')) return 'all'
  return own.flatMap((tool) => (tool?.kind === 'tool' ? [tool.tool] : []))
}

function notAllowed(what: string, param: string): BridgeError {
  return new BridgeError('mcp_server_not_allowed', `This API key may not ${what}.`, { param })
}
