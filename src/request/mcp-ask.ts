/** What a request asks for of MCP servers and tools, and what a server allows of it. */
import { refuse } from '../errors/refuse.js'
import type { JobTools } from './conversation.js'
import type { Ignored } from './ignored.js'

export interface McpAsk {
  /** names in the registry, each once */
  picks: string[]
  /** servers of the request's own, unchecked; `param` is where each stands */
  inline: { name: string; value: unknown; param: string }[]
  /** undefined: every tool of the servers asked for */
  allowedTools?: string[]
}

/** What this server allows. */
export interface ToolRules {
  /** What is left of it; undefined: nothing was asked for. Throws 400 and 403 with `param`. */
  settle(ask: McpAsk, ignored: Ignored): JobTools | undefined
}

export const noTools: ToolRules = {
  settle() {
    throw refuse('unsupported_parameter', 'mcp_servers', 'there are no MCP servers and tools of the CLI here')
  },
}
