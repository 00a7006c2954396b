/** The calls of the assistant's turn that is read, and their results, until both are whole. */
import type { ToolResultBlock, UserBlock } from '../../request/conversation.js'

export interface Call {
  /** as the client wrote it */
  given: string
  /** as the model sees it */
  id: string
  /** the path of its id in the request */
  param: string
  /** index of its message */
  message: number
}

export class OpenCalls {
  private calls: Call[] = []
  private readonly results = new Map<Call, UserBlock>()
  /** those of one id, in their order, and how many of them have their result */
  private readonly byId = new Map<string, { calls: Call[]; answered: number }>()

  /** Whether a result has come. */
  get touched(): boolean {
    return this.results.size > 0
  }

  has(given: string): boolean {
    return this.byId.has(given)
  }

  add(call: Call): void {
    this.calls.push(call)
    const same = this.byId.get(call.given)
    if (same === undefined) this.byId.set(call.given, { calls: [call], answered: 0 })
    else same.calls.push(call)
  }

  /**
   * Gives a result to the first call with that id that has none: ids may be empty, or the same, and results then come in the order of the
   * calls. False where there is no such call.
   */
  answer(given: string, content: ToolResultBlock[]): boolean {
    const same = this.byId.get(given)
    const call = same?.calls[same.answered]
    if (same === undefined || call === undefined) return false
    same.answered += 1
    this.results.set(call, { type: 'tool_result', toolCallId: call.id, content })
    return true
  }

  /**
   * The results in the order of their calls, as a process that is still there orders them; nothing is open any more.
   * @param missing what a call without a result has; may throw
   */
  end(missing: (call: Call) => ToolResultBlock[]): UserBlock[] {
    const blocks = this.calls.map(
      (call): UserBlock => this.results.get(call) ?? { type: 'tool_result', toolCallId: call.id, content: missing(call) },
    )
    this.calls = []
    this.results.clear()
    this.byId.clear()
    return blocks
  }
}
