/** The CLI's control protocol over the same pipes: requests of ours that it answers, requests of its own that we answer. */
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

  constructor(private readonly process: ClaudeProcess) {}

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
      // an unanswered request would hold the CLI up
      this.process.send({
        type: 'control_response',
        response: { subtype: 'error', request_id: message['request_id'], error: 'not supported by this host' },
      })
      return true
    }
    return message.type === 'control_cancel_request'
  }
}
