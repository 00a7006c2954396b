/** Tools of MCP as the CLI is to be told them, so that their texts and their schemas reach the model whole. */
import { flatRoot } from '../../src/schema/flat-root.js'
import { type KeyNames, keyNamesOf, renamed, withNames } from '../../src/schema/property-keys.js'
import { wholeDescription } from './whole-description.js'

/** Characters of a result that the CLI passes on; it would put more than 50,000 into a file and tell the model about that. */
export const longestResult = 500_000

/** A tool of any server. One that says itself how long its results may be is believed. */
export function wholeTool<T extends object>(tool: T & { description?: unknown; inputSchema?: unknown; _meta?: object }): T {
  const { schema, rule } = isObject(tool.inputSchema) ? flatRoot(tool.inputSchema) : { schema: undefined, rule: null }
  const own = typeof tool.description === 'string' ? tool.description : ''
  const description = [own, rule ?? ''].filter((text) => text !== '').join('\n\n')
  return {
    ...tool,
    ...(description !== '' && { description: wholeDescription(description) }),
    ...(rule !== null && { inputSchema: schema }),
    _meta: { 'anthropic/maxResultSizeChars': longestResult, ...tool._meta },
  }
}

interface Rpc {
  method?: string | undefined
  params?: object | undefined
  result?: { tools?: unknown } | undefined
}

/** The messages between the CLI and one server, so that its tools reach the model whole and its calls the server as it knows them. */
export class WholeTools {
  /** of tools with keys that the model's API does not take, by their names */
  private readonly keys = new Map<string, KeyNames>()

  /** The tools in the answer to `tools/list` are made whole; everything else stays. */
  fromServer<T extends object>(message: T & Rpc): T {
    const { result } = message
    if (!Array.isArray(result?.tools)) return message
    return { ...message, result: { ...result, tools: result.tools.map((tool: unknown) => (isObject(tool) ? this.told(tool) : tool)) } }
  }

  /** A call has its tool's own keys again; everything else stays. */
  fromCli<T extends object>(message: T & Rpc): T {
    const { params } = message
    if (message.method !== 'tools/call' || !isObject(params)) return message
    const keys = this.keys.get(String(params['name']))
    if (keys === undefined) return message
    return { ...message, params: { ...params, arguments: renamed(params['arguments'], keys.toClient) } }
  }

  private told(tool: Record<string, unknown>): object {
    const { name, inputSchema } = tool
    const keys = isObject(inputSchema) ? keyNamesOf(inputSchema) : null
    if (keys === null) return wholeTool(tool)
    this.keys.set(String(name), keys)
    return wholeTool({ ...tool, inputSchema: withNames(inputSchema as Record<string, unknown>, keys.toModel) })
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
