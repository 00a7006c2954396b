/** What a request says about MCP servers and tools, put together from its three fields. What is allowed is decided elsewhere. */
import type { ChatRequest } from './chat-request.js'
import type { Ignored } from './ignored.js'
import { refuse } from './refuse.js'

export interface McpAsk {
  /** names in the registry, each once */
  picks: string[]
  /** servers of the request's own, unchecked; `param` is where each stands */
  inline: { name: string; value: unknown; param: string }[]
  /** undefined: every tool of the servers asked for */
  allowedTools?: string[]
}

/** Null where nothing is asked for. Throws 400 where `mcp_config.mcpServers` is no object. */
export function toMcpAsk(body: ChatRequest, ignored: Ignored): McpAsk | null {
  const { mcp_config: config, mcp_servers: servers, allowed_tools: allowed } = body
  const ask: McpAsk = { picks: [], inline: [] }
  if (Array.isArray(servers)) ask.picks = [...new Set(servers)]
  else if (servers != null) ask.inline.push(...inlineOf(servers, 'mcp_servers'))
  for (const [name, value] of Object.entries(config ?? {})) {
    if (value == null) continue
    if (name !== 'mcpServers') ignored.add(`mcp_config.${name}`)
    else if (typeof value !== 'object' || Array.isArray(value)) throw refuse('invalid_value', 'mcp_config.mcpServers', 'expected an object')
    else ask.inline.push(...inlineOf(value, 'mcp_config.mcpServers'))
  }
  const servered = ask.picks.length > 0 || ask.inline.length > 0
  if (allowed != null && (servered || allowed.length > 0)) ask.allowedTools = allowed
  return servered || ask.allowedTools !== undefined ? ask : null
}

function inlineOf(servers: object, param: string): McpAsk['inline'] {
  return Object.entries(servers).map(([name, value]: [string, unknown]) => ({ name, value, param: `${param}.${name.slice(0, 64)}` }))
}
