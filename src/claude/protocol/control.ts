/** The CLI's control protocol over the same pipes: requests of ours that it answers, requests of its own that we answer. */
import type { JsonRpcRequest } from './client-tools.js'
import { objectIn, textIn } from './loose.js'
import type { CliMessage } from './messages.js'
import type { ClaudeProcess } from '../process/process.js'

/** The CLI refused a control request; the message is its own. */
export class ControlRefused extends Error {
  override readonly name = 'ControlRefused'
}

export class ControlChannel {
  private readonly pending = new Map<string, { resolve(value: unknown): void; reject(error: Error): void }>()
  private nextId = 1

  /** `mcp` answers what the CLI asks of an MCP server inside this process: gives the result of one JSON-RPC request. */
  constructor(
    private readonly process: ClaudeProcess,
    private readonly mcp: (request: JsonRpcRequest) => object | Promise<object>,
  ) {}

  /** Sends a request; resolves with the CLI's `response`, rejects with {@link ControlRefused}, or never if the process ends. */
  request(request: { subtype: string; [key: string]: unknown }): Promise<unknown> {
    const requestId = String(this.nextId++)
    return new Promise((resolve, reject) => {
      this.pending.set(requestId, { resolve, reject })
      this.process.send({ type: 'control_request', request_id: requestId, request })
    })
  }

  /** Looks at one line; true if it belonged to the control protocol. Takes lines of any shape. */
  take(message: CliMessage): boolean {
    if (message.type === 'control_response') {
      this.settle(objectIn(message['response']) ?? {})
      return true
    }
    if (message.type === 'control_request') {
      // without an id there is no way to answer; the silence limit ends a process that waits for one
      const requestId = textIn(message['request_id'])
      // what cannot even be refused ends the process, and its run with it
      if (requestId !== undefined) this.answer(requestId, objectIn(message['request']) ?? {}).catch(() => this.process.kill())
      return true
    }
    return message.type === 'control_cancel_request'
  }

  private settle(response: Record<string, unknown>): void {
    const requestId = textIn(response['request_id']) ?? ''
    const waiting = this.pending.get(requestId)
    this.pending.delete(requestId)
    if (response['subtype'] === 'success') waiting?.resolve(response['response'])
    else waiting?.reject(new ControlRefused(textIn(response['error']) ?? 'the CLI refused a control request'))
  }

  /** An unanswered request would hold the CLI up, so that what cannot be answered is refused. */
  private async answer(requestId: string, request: Record<string, unknown>): Promise<void> {
    try {
      const asked = request['subtype'] === 'mcp_message' ? jsonRpcRequest(request['message']) : null
      if (asked === null) throw new Error('not supported by this host')
      const result = await this.mcp(asked)
      const response = { mcp_response: { jsonrpc: '2.0', id: asked.id, result } }
      this.process.send({ type: 'control_response', response: { subtype: 'success', request_id: requestId, response } })
    } catch {
      const response = { subtype: 'error', request_id: requestId, error: 'not supported by this host' }
      this.process.send({ type: 'control_response', response })
    }
  }
}

/** Null for what is no request of JSON-RPC. */
function jsonRpcRequest(value: unknown): JsonRpcRequest | null {
  const asked = objectIn(value)
  const method = textIn(asked?.['method'])
  if (asked === undefined || method === undefined) return null
  const { id } = asked
  const params = objectIn(asked['params'])
  return {
    jsonrpc: '2.0',
    method,
    ...((typeof id === 'string' || typeof id === 'number') && { id }),
    ...(params && { params }),
  }
}
