/** The model's calls of the client's functions, as they are streamed: block events in, `tool_call` events out. No I/O. */
import type { JobEvent } from '../../jobs/events.js'
import { partsOfCallName } from '../../request/call-names.js'
import { isJson } from '../../request/is-json.js'
import { KeyRenamer } from '../../schema/key-renamer.js'
import type { ToolKeys } from '../protocol/tool-keys.js'

export class CallReader {
  private readonly open = new Map<number, { index: number; text: string; keys: KeyRenamer | null }>()

  constructor(
    private readonly choice: number,
    /** the model's names -> the client's */
    private readonly names: ReadonlyMap<string, string>,
    /** those of the client's names whose tool takes one text */
    private readonly custom: ReadonlySet<string>,
    private readonly emit: (event: JobEvent) => void,
    private readonly keys: ToolKeys = new Map(),
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
    const keys = this.keys.get(name)
    this.open.set(block, { index, text: '', keys: keys === undefined ? null : new KeyRenamer(keys.toClient) })
    const tool = this.names.get(name)!
    const custom = this.custom.has(tool) && { custom: true as const }
    this.emit({ type: 'tool_call', choice: this.choice, index, id, ...partsOfCallName(tool), ...custom, arguments: '' })
  }

  delta(block: number, piece: string): boolean {
    const call = this.open.get(block)
    if (call === undefined) return false
    call.text += piece
    this.pass(call.index, call.keys === null ? piece : call.keys.push(piece))
    return true
  }

  /** No more comes of a block. */
  stop(block: number): void {
    const call = this.open.get(block)
    if (call?.keys != null) this.pass(call.index, call.keys.end())
  }

  private pass(index: number, piece: string): void {
    if (piece !== '') this.emit({ type: 'tool_call', choice: this.choice, index, arguments: piece })
  }
}
