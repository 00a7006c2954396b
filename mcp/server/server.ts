/**
 * The bridge as an MCP server: one server object for each HTTP request, for nothing is kept between two of them. What a client may
 * cancel is found by its session's name (see `calls.ts`).
 */
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  type CallToolResult,
  CallToolRequestSchema,
  CancelledNotificationSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import { BridgeError, type Failure } from '../../src/errors/catalogue.js'
import type { Jobs } from '../../src/jobs/jobs.js'
import { errorBody } from '../../src/openai/out/error-body.js'
import { validate } from '../../src/errors/request-error.js'
import { name, version } from '../../src/version.js'
import type { RunningCalls } from './calls.js'
import type { Caller, Tool, ToolContext } from './tool.js'
import { listedTools, tools } from './tools.js'

export interface ServerSetup {
  jobs: Jobs
  config: ToolContext['config']
  publicAgent: ToolContext['publicAgent']
  compiler: ToolContext['compiler']
  calls: RunningCalls
  caller: Caller
  /** the client's name for itself; null for one that takes no session */
  session: string | null
  /** as in {@link ToolContext} */
  signOfLifeMs: number
  /** Something that should not happen. */
  onTrouble(error: unknown): void
}

const instructions =
  `Claude, run by ${name}. ` + '`ask` answers one question; `start_task`, `get_task` and `cancel_task` do the same work in the background.'

export function createServer(setup: ServerSetup): Server {
  const { calls, caller, session } = setup
  const info = { name, title: name, version }
  const server = new Server(info, { capabilities: { tools: {} }, instructions })
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listedTools }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { requestId, signal, sendNotification }) => {
    const tool = tools.find(({ name }) => name === params.name)
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name.slice(0, 80)}`)
    const progressToken = params._meta?.progressToken
    const tell = (progress: number, message: string) =>
      sendNotification({ method: 'notifications/progress', params: { progressToken: progressToken!, progress, message } })
    const call = calls.begin(caller.owner, session, requestId)
    try {
      const context: ToolContext = {
        ...{ jobs: setup.jobs, config: setup.config, publicAgent: setup.publicAgent, compiler: setup.compiler, caller },
        signal: AbortSignal.any([signal, call.signal]),
        tell: progressToken === undefined ? null : tell,
        signOfLifeMs: setup.signOfLifeMs,
      }
      return await callTool(tool, params.arguments ?? {}, context)
    } catch (error) {
      if (error instanceof BridgeError) return toError(error.failure)
      setup.onTrouble(error)
      return toError({ code: 'internal_error', message: 'The server failed while it handled this call.' })
    } finally {
      call.end()
    }
  })
  server.setNotificationHandler(CancelledNotificationSchema, ({ params }) => {
    if (session !== null && params.requestId !== undefined) calls.cancel(caller.owner, session, params.requestId)
  })
  return server
}

async function callTool(tool: Tool, args: unknown, context: ToolContext): Promise<CallToolResult> {
  const { value, error } = validate(tool.input, args)
  if (error !== undefined) throw error
  const { data, text } = await tool.run(value, context)
  return {
    content: [{ type: 'text', text: text ?? JSON.stringify(data) }],
    structuredContent: data as Record<string, unknown>,
  }
}

/** In the envelope that every other error of the bridge has; a result's schema is not for errors. */
function toError(failure: Failure): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(errorBody(failure)) }], isError: true }
}
