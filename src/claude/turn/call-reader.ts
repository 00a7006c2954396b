/** The model's calls of the client's functions, as they are streamed: block events in, `tool_call` events out. No I/O. */
import type { JobEvent } from '../../jobs/events.js'
import { partsOfCallName } from '../../request/call-names.js'

export class CallReader {
  private readonly open = new Map<number, { index: number; text: string }>()

  constructor(
    private readonly choice: number,
    /** the model's names -> the client's */
    private readonly names: ReadonlyMap<string, string>,
    /** those of the client's names whose tool takes one text */
    private readonly custom: ReadonlySet<string>,
    private readonly emit: (event: JobEvent) => void,
  ) {}

  /** Whether the answer has called any function. */
  get any(): boolean {
    return this.open.size > 0
  }

  /** Whether the arguments of every call are JSON: the CLI turns others down by itself and asks the model again. */
  get whole(): boolean {
    return [...this.open.values()].every(({ text }) => text === '' || isJson(text))
  }

  knows(name: string | undefined): boolean {
    return name !== undefined && this.names.has(name)
  }

  /** `block`: the content block's place in its message. */
  start(block: number, name: string, id: string): void {
    const index = this.open.size
    this.open.set(block, { index, text: '' })
    const tool = this.names.get(name)!
    const custom = this.custom.has(tool) && { custom: true as const }
    this.emit({ type: 'tool_call', choice: this.choice, index, id, ...partsOfCallName(tool), ...custom, arguments: '' })
  }

  delta(block: number, piece: string): boolean {
    const call = this.open.get(block)
    if (call === undefined) return false
    call.text += piece
    if (piece !== '') this.emit({ type: 'tool_call', choice: this.choice, index: call.index, arguments: piece })
    return true
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
