/** A tool of MCP as the CLI is to be told it, so that its texts reach the model whole. */
import { wholeDescription } from './whole-description.js'

/** Characters of a result that the CLI passes on; it would put more than 50,000 into a file and tell the model about that. */
export const longestResult = 500_000

/** A tool of any server. One that says itself how long its results may be is believed. */
export function wholeTool<T extends object>(tool: T & { description?: unknown; _meta?: object }): T {
  return {
    ...tool,
    ...(typeof tool.description === 'string' && { description: wholeDescription(tool.description) }),
    _meta: { 'anthropic/maxResultSizeChars': longestResult, ...tool._meta },
  }
}

/** A message of a server: the tools in the answer to `tools/list` are made whole, everything else stays. */
export function wholeTools<T extends object>(message: T & { result?: { tools?: unknown } | undefined }): T {
  const { result } = message
  if (!Array.isArray(result?.tools)) return message
  return { ...message, result: { ...result, tools: result.tools.map((tool: unknown) => (isObject(tool) ? wholeTool(tool) : tool)) } }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
