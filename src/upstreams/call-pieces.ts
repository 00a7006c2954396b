/**
 * The pieces of tool calls, as providers send them, in one order: an index that is a call's own, id and name on its first piece
 * and nowhere else. Providers repeat ids, leave indices out or give several calls the same one, and send arguments as objects.
 */
import type { JobEvent } from '../jobs/events.js'
import { randomUUID } from 'node:crypto'
import { CallPlaces } from './call-places.js'
import { memberOf, numberAt, textAt } from './loose.js'

type CallEvent = Extract<JobEvent, { type: 'tool_call' }>

interface Call {
  /** as the provider gave it; null where it gave none */
  id: string | null
  /** the provider's index; null where it gave none */
  given: number | null
  /** its name has come and it was told */
  told: boolean
  /** arguments that came before the name */
  held: string
}

export class CallPieces {
  private readonly calls: Call[] = []
  private readonly places = new CallPlaces()

  constructor(private readonly choice: number) {}

  get any(): boolean {
    return this.calls.length > 0
  }

  /** Whether a call never got its name: no client could answer it. */
  get nameless(): boolean {
    return this.calls.some((call) => !call.told)
  }

  /** One member of `delta.tool_calls`, or `delta.function_call` as `{function}`. */
  add(piece: unknown): CallEvent[] {
    const index = this.indexOf(numberAt(piece, 'index'), textAt(piece, 'id'))
    const call = this.calls[index]!
    const name = textAt(piece, 'function', 'name')
    const text = argumentsOf(memberOf(piece, 'function', 'arguments'))
    const base = { type: 'tool_call' as const, choice: this.choice, index }
    if (call.told) return text === '' ? [] : [{ ...base, arguments: text }]
    if (name === null) {
      call.held += text
      return []
    }
    call.told = true
    if (call.id === null) this.name(index, call, `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`)
    return [{ ...base, id: call.id!, name, arguments: call.held + text }]
  }

  private indexOf(given: number | null, id: string | null): number {
    const found = this.places.find(given, id)
    if (found === -1) {
      const index = this.calls.push({ id, given, told: false, held: '' }) - 1
      this.places.add(index, given, id)
      return index
    }
    const call = this.calls[found]!
    if (call.id === null && id !== null) this.name(found, call, id)
    return found
  }

  private name(index: number, call: Call, id: string): void {
    call.id = id
    this.places.name(index, call.given, id)
  }
}

function argumentsOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : ''
}
