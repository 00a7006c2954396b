/** The CLI's control protocol over the same pipes: requests of ours that it answers, requests of its own that we answer. */
import type { JsonRpcRequest } from './client-tools.js'
import type { CliMessage } from './messages.js'
import type { ClaudeProcess } from './process.js'

/** The CLI refused a control request; the message is its own. */
export class ControlRefused extends Error {
  override readonly name = 'ControlRefused'
}

interface ControlResponse extends CliMessage {
  response?: { subtype?: string; request_id?: string; response?: unknown; error?: string }
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

  /** Looks at one line; true if it belonged to the control protocol. */
  take(message: CliMessage): boolean {
    if (message.type === 'control_response') {
      const { response } = message as ControlResponse
      const waiting = this.pending.get(response?.request_id ?? '')
      this.pending.delete(response?.request_id ?? '')
      if (response?.subtype === 'success') waiting?.resolve(response.response)
      else waiting?.reject(new ControlRefused(response?.error ?? 'the CLI refused a control request'))
      return true
    }
    if (message.type === 'control_request') {
      void this.answer(message)
      return true
    }
    return message.type === 'control_cancel_request'
  }

  private async answer(message: CliMessage): Promise<void> {
    const requestId = message['request_id']
    const { subtype, message: asked } = (message['request'] ?? {}) as { subtype?: string; message?: JsonRpcRequest }
    if (subtype !== 'mcp_message' || asked === undefined) {
      // an unanswered request would hold the CLI up
      const response = { subtype: 'error', request_id: requestId, error: 'not supported by this host' }
      return this.process.send({ type: 'control_response', response })
    }
    const result = await this.mcp(asked)
    const response = { mcp_response: { jsonrpc: '2.0', id: asked.id, result } }
    this.process.send({ type: 'control_response', response: { subtype: 'success', request_id: requestId, response } })
  }
}
