/** The tools that a run uses by itself: block events and results in, `tool_activity` events out. No I/O. */
import type { JobEvent } from '../../jobs/events.js'
import { objectIn, objectsIn, textIn } from '../protocol/loose.js'
import type { CliMessage } from '../protocol/messages.js'

export class ActivityReader {
  private readonly open = new Map<number, { id: string; tool: string; bytes: number }>()
  private readonly running = new Map<string, { tool: string; since: number }>()

  constructor(
    private readonly choice: number,
    private readonly emit: (event: JobEvent) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** `block`: the content block's place in its message. */
  start(block: number, tool: string, id: string): void {
    this.open.set(block, { id, tool, bytes: 0 })
  }

  input(block: number, piece: string): void {
    const call = this.open.get(block)
    if (call !== undefined) call.bytes += Buffer.byteLength(piece)
  }

  /** The call is complete: the CLI makes it now. */
  stop(block: number): void {
    const call = this.open.get(block)
    if (call === undefined) return
    this.open.delete(block)
    this.running.set(call.id, { tool: call.tool, since: this.now() })
    this.emit({ type: 'tool_activity', choice: this.choice, id: call.id, tool: call.tool, state: 'started', inputBytes: call.bytes })
  }

  /** What the CLI tells the model of its calls. */
  results(message: CliMessage): void {
    for (const block of objectsIn(objectIn(message['message'])?.['content'])) {
      const id = textIn(block['tool_use_id']) ?? ''
      const call = block['type'] === 'tool_result' ? this.running.get(id) : undefined
      if (call === undefined) continue
      this.running.delete(id)
      this.emit({
        ...{ type: 'tool_activity', choice: this.choice, id, tool: call.tool, state: 'finished' },
        ok: block['is_error'] !== true,
        durationMs: Math.round(this.now() - call.since),
      })
    }
  }
}
