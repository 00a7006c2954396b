/**
 * The client's functions as an MCP server inside this process, which the CLI talks to over the control channel
 * (docs/cli-protocol.md). They never run here: a call of the CLI's waits until the client has sent its result, in its next request.
 */
import type { ClientTool, ToolResultBlock, UserBlock } from '../../request/conversation.js'
import { wholeTool } from '../../../mcp/job/whole-tool.js'
import { withNames } from '../../schema/property-keys.js'
import { namesIn } from './tool-keys.js'
import { toolName } from './tool-names.js'
import { name as packageName } from '../../version.js'

type ToolResult = Extract<UserBlock, { type: 'tool_result' }>

export interface JsonRpcRequest {
  jsonrpc: '2.0'
  id?: number | string
  method: string
  params?: Record<string, unknown>
}

export class ClientTools {
  private tools: readonly ClientTool[] = []
  /** calls that the CLI has made and whose results are not known yet */
  private readonly waiting = new Map<string, (result: object) => void>()
  /** results of calls that the CLI has not come to yet: it makes them one after another */
  private readonly results = new Map<string, object>()

  offer(tools: readonly ClientTool[]): void {
    this.tools = tools
  }

  /** The client's results of the calls that the model made. */
  give(results: readonly ToolResult[]): void {
    for (const { toolCallId, content } of results) {
      const result = { content: content.map(toMcpContent) }
      const waits = this.waiting.get(toolCallId)
      this.waiting.delete(toolCallId)
      if (waits === undefined) this.results.set(toolCallId, result)
      else waits(result)
    }
  }

  /** The result of one JSON-RPC request. The CLI waits for an answer to notifications as well. */
  answer({ method, params }: JsonRpcRequest): object | Promise<object> {
    switch (method) {
      case 'initialize':
        return {
          protocolVersion: params?.['protocolVersion'],
          capabilities: { tools: {} },
          serverInfo: { name: packageName, version: '1' },
        }
      case 'tools/list':
        return { tools: this.tools.map((tool) => toMcpTool(tool, this.tools)) }
      case 'tools/call':
        return this.call(params)
      default:
        return {}
    }
  }

  private call(params: Record<string, unknown> | undefined): object | Promise<object> {
    const meta = params?.['_meta'] as Record<string, unknown> | undefined
    const id = String(meta?.['claudecode/toolUseId'])
    const result = this.results.get(id)
    this.results.delete(id)
    return result ?? new Promise((resolve) => this.waiting.set(id, resolve))
  }
}

function toMcpTool({ name, description, parameters }: ClientTool, among: readonly ClientTool[]): object {
  const keys = namesIn(parameters)
  const inputSchema = keys === null ? parameters : withNames(parameters, keys.toModel)
  return wholeTool({ name: toolName(name, among), ...(description === undefined ? {} : { description }), inputSchema })
}

function toMcpContent(block: ToolResultBlock): object {
  if (block.type === 'text') return { type: 'text', text: block.text }
  return { type: 'image', data: block.data, mimeType: block.mediaType }
}
