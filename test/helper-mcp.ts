/** The official MCP client on a bridge of a test. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Progress } from '@modelcontextprotocol/sdk/types.js'
import { type Bridge } from './helper.js'

export interface Result {
  isError?: boolean
  structuredContent?: Record<string, unknown>
  content: { type: string; text: string }[]
}

export interface CallOptions {
  onprogress?: (progress: Progress) => void
  signal?: AbortSignal
  timeout?: number
}

export interface McpUser {
  client: Client
  transport: StreamableHTTPClientTransport
  /** Calls a tool; listing the tools first, the client holds every result against its tool's schema. */
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<Result>
  /** Calls a tool and returns its structured content; rejects where it reports an error. */
  data(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<Record<string, unknown>>
  /** Calls a tool that has to report an error; returns that. */
  refusal(name: string, args?: Record<string, unknown>): Promise<{ code: string; message: string; param: string | null }>
}

export async function connect(bridge: Bridge, headers: Record<string, string> = {}): Promise<McpUser> {
  const client = new Client({ name: 'test', version: '1' })
  const transport = new StreamableHTTPClientTransport(new URL(`${bridge.url}/mcp`), { requestInit: { headers } })
  await client.connect(transport)
  await client.listTools()
  const call = async (name: string, args: Record<string, unknown> = {}, options: CallOptions = {}) =>
    (await client.callTool({ name, arguments: args }, undefined, options)) as unknown as Result
  return {
    ...{ client, transport, call },
    async data(name, args, options) {
      const { isError, structuredContent, content } = await call(name, args, options)
      if (isError === true) throw new Error(content[0]!.text)
      return structuredContent!
    },
    async refusal(name, args) {
      const { isError, structuredContent, content } = await call(name, args)
      if (isError !== true || structuredContent !== undefined) throw new Error('it was no error')
      return (JSON.parse(content[0]!.text) as { error: { code: string; message: string; param: string | null } }).error
    },
  }
}
