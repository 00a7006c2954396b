import type { ToolName } from './reply.js'
import type { MessagesRequest } from './request.js'

/** A tool's own name, without the prefix that the CLI gives to the tools of MCP servers. */
export function plainToolName(name: string): string {
  return name.replace(/^mcp__.+?__/, '')
}

/**
 * The name to put into a call. `{ offered }` finds the tool by its exact or plain name, else takes the tool that the
 * request forces, else its only one; where nothing fits the name stays as it is, and the client has an unknown tool.
 */
export function resolveToolName(name: ToolName, body: MessagesRequest): string {
  if (typeof name === 'string') return name
  const tools = body.tools ?? []
  const match = tools.find((tool) => tool.name === name.offered) ?? tools.find((tool) => plainToolName(tool.name) === name.offered)
  const only = tools.length === 1 ? tools[0]?.name : undefined
  return match?.name ?? body.tool_choice?.name ?? only ?? name.offered
}
