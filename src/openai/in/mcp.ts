/** What a request says about MCP servers and tools, put together from its three fields. What is allowed is decided elsewhere. */
import type { ChatRequest } from './chat-request.js'
import type { McpAsk } from '../../request/mcp-ask.js'
import type { Ignored } from '../../request/ignored.js'
import { refuse } from '../../errors/refuse.js'

/** The same with the servers of a tool that is brought in later, all of their tools allowed. */
export function withServers(ask: McpAsk | null, config: Record<string, unknown>, ignored: Ignored): McpAsk {
  const { picks = [], inline = [], allowedTools } = ask ?? {}
  const brought = toMcpAsk({ mcp_config: config } as ChatRequest, ignored, 'debug_tool_mcp_config')?.inline ?? []
  const names = new Set(brought.map(({ name }) => name))
  const others = inline.filter(({ name }) => !names.has(name))
  return {
    picks: picks.filter((name) => !names.has(name)),
    inline: [...others, ...brought],
    ...(allowedTools && { allowedTools: [...allowedTools, ...brought.map(({ name }) => `mcp__${name}`)] }),
  }
}

/** Null where nothing is asked for. Throws 400 where `mcp_config.mcpServers` is no object. */
export function toMcpAsk(body: ChatRequest, ignored: Ignored, member = 'mcp_config'): McpAsk | null {
  const { mcp_config: config, mcp_servers: servers, allowed_tools: allowed } = body
  const ask: McpAsk = { picks: [], inline: [] }
  if (Array.isArray(servers)) ask.picks = [...new Set(servers)]
  else if (servers != null) ask.inline = inlineOf(servers, 'mcp_servers')
  for (const [name, value] of Object.entries(config ?? {})) {
    if (value == null) continue
    if (name !== 'mcpServers') ignored.add(`${member}.${name}`)
    else if (typeof value !== 'object' || Array.isArray(value)) throw refuse('invalid_value', `${member}.mcpServers`, 'expected an object')
    else ask.inline = ask.inline.concat(inlineOf(value, `${member}.mcpServers`))
  }
  const servered = ask.picks.length > 0 || ask.inline.length > 0
  if (allowed != null && (servered || allowed.length > 0)) ask.allowedTools = allowed
  return servered || ask.allowedTools !== undefined ? ask : null
}

function inlineOf(servers: object, param: string): McpAsk['inline'] {
  return Object.entries(servers).map(([name, value]: [string, unknown]) => ({ name, value, param: `${param}.${name.slice(0, 64)}` }))
}
