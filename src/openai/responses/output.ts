/**
 * The output of a response: the fold of a job's log into items, and the events by which a stream tells of them. The same log
 * always gives the same items and events, wherever and whenever it is folded.
 *
 * A message and a reasoning end where the other begins or a call does; calls stay open to the end, as their pieces may be
 * mixed.
 */
import type { JobEvent } from '../../jobs/events.js'
import { createJoiner } from '../in/surrogates.js'
import { type InputReader, createInputReader } from '../out/custom-input.js'
import { outputItemId } from './ids.js'
import * as tell from './output-events.js'
import type { OutputEvent, Placed } from './output-events.js'
import type { CallOutput, CustomCallOutput, MessageOutput, OutputItem, ReasoningOutput } from './response-schemas.js'

export interface Output {
  /** The events of one event of the log, often none. */
  event(event: JobEvent): OutputEvent[]
  /** The items of the answer; what was left open is `incomplete`. */
  items(): OutputItem[]
}

type CallEvent = Extract<JobEvent, { type: 'tool_call' }>
type FinishEvent = Extract<JobEvent, { type: 'finish' }>

export function createOutput(taskId: string): Output {
  const items: OutputItem[] = []
  /** where the answer begins: what an earlier attempt said is no part of it */
  let first = 0
  let told: OutputEvent[] = []
  let text: Placed<MessageOutput | ReasoningOutput> | null = null
  let joiner = createJoiner()
  const calls = new Map<number, Placed<CallOutput | CustomCallOutput>>()
  const inputs = new Map<number, InputReader>()

  function add<Item extends OutputItem>(item: Item): Placed<Item> {
    const placed = { item, index: items.push(item) - 1 }
    told.push(tell.itemAdded(placed))
    return placed
  }

  const idOf = (type: OutputItem['type']) => outputItemId(type, taskId, items.length)

  function message(phase?: 'commentary'): Placed<MessageOutput> {
    if (text?.item.type === 'message' && text.item.phase === phase) return text as Placed<MessageOutput>
    closeText('completed')
    const id = idOf('message')
    const told = {
      ...{ id, type: 'message' as const, status: 'in_progress' as const, role: 'assistant' as const },
      ...(phase && { phase }),
    }
    const placed = add<MessageOutput>({ ...told, content: [] })
    text = placed
    return placed
  }

  function reasoning(): Placed<ReasoningOutput> {
    if (text?.item.type === 'reasoning') return text as Placed<ReasoningOutput>
    closeText('completed')
    const placed = add<ReasoningOutput>({ id: idOf('reasoning'), type: 'reasoning', status: 'in_progress', summary: [] })
    told.push(tell.summaryAdded(placed))
    placed.item.summary.push({ type: 'summary_text', text: '' })
    text = placed
    return placed
  }

  function addPart(placed: Placed<MessageOutput>, part: MessageOutput['content'][number]): void {
    placed.item.content.push(part)
    told.push(tell.partAdded(placed, placed.item.content.length - 1))
  }

  /** A piece of text that no longer ends in half a character. */
  function say(member: string, piece: string): void {
    if (member === 'text' || member === 'commentary') {
      const placed = message(member === 'text' ? undefined : member)
      if (placed.item.content.length === 0) addPart(placed, emptyText())
      const part = placed.item.content[0]!
      if (part.type === 'output_text') part.text += piece
      told.push(tell.partDelta(placed, 0, piece))
    } else if (member === 'reasoning') {
      const placed = reasoning()
      placed.item.summary[0]!.text += piece
      told.push(tell.summaryDelta(placed, piece))
    } else {
      const placed = calls.get(Number(member))!
      if (isCustom(placed)) {
        placed.item.input += piece
        told.push(tell.inputDelta(placed, piece))
      } else if (isFunction(placed)) {
        placed.item.arguments += piece
        told.push(tell.argumentsDelta(placed, piece))
      }
    }
  }

  function pieces(member: string, piece: string): void {
    for (const { member: at, text: whole } of joiner.add(member, piece)) say(at, whole)
  }

  function call(event: CallEvent): void {
    if (!calls.has(event.index)) {
      flush()
      closeText('completed')
      const { id = '', name = '', namespace } = event
      const called = { status: 'in_progress' as const, call_id: id, name, ...(namespace !== undefined && { namespace }) }
      if (event.custom) inputs.set(event.index, createInputReader())
      calls.set(
        event.index,
        event.custom
          ? add<CustomCallOutput>({ id: idOf('custom_tool_call'), type: 'custom_tool_call', ...called, input: '' })
          : add<CallOutput>({ id: idOf('function_call'), type: 'function_call', ...called, arguments: '' }),
      )
    }
    const input = inputs.get(event.index)
    pieces(String(event.index), input === undefined ? event.arguments : input.add(event.arguments))
  }

  function flush(): void {
    for (const piece of joiner.end()) say(piece.member, piece.text)
  }

  function closeText(status: 'completed' | 'incomplete'): void {
    if (text === null) return
    const { item, index } = text
    item.status = status
    if (item.type === 'reasoning') told.push(...tell.summaryDone({ item, index }))
    else for (const at of item.content.keys()) told.push(...tell.partDone({ item, index }, at))
    told.push(tell.itemDone(text))
    text = null
  }

  function finish({ reason, refusal }: FinishEvent): void {
    for (const [index, input] of inputs) pieces(String(index), input.end())
    flush()
    if (reason === 'refusal' && refusal !== undefined && refusal !== '') {
      const placed = message()
      addPart(placed, { type: 'refusal', refusal: '' })
      const at = placed.item.content.length - 1
      placed.item.content[at] = { type: 'refusal', refusal }
      told.push(tell.partDelta(placed, at, refusal))
    }
    // clients look for a message where there are no calls
    const answered = items.slice(first).some(({ type }) => type !== 'reasoning')
    if (!answered) addPart(message(), emptyText())
    const cut = reason === 'length' ? 'incomplete' : 'completed'
    closeText(calls.size === 0 ? cut : 'completed')
    const last = [...calls.values()].at(-1)
    for (const [at, placed] of calls) {
      // the model streams a call without arguments as no text at all, and clients parse this as JSON
      if (isFunction(placed) && placed.item.arguments === '' && reason !== 'length') say(String(at), '{}')
      placed.item.status = placed === last ? cut : 'completed'
      if (isCustom(placed)) told.push(tell.inputDone(placed))
      else if (isFunction(placed)) told.push(tell.argumentsDone(placed))
      told.push(tell.itemDone(placed))
    }
    forget()
  }

  function forget(): void {
    calls.clear()
    inputs.clear()
  }

  function startAgain(): void {
    joiner = createJoiner()
    closeText('incomplete')
    for (const placed of calls.values()) {
      placed.item.status = 'incomplete'
      told.push(tell.itemDone(placed))
    }
    forget()
    first = items.length
  }

  function read(event: JobEvent): void {
    switch (event.type) {
      case 'text':
      case 'reasoning':
      case 'commentary':
        return pieces(event.type, event.text)
      case 'tool_call':
        return call(event)
      case 'finish':
        return finish(event)
      case 'attempt':
        return startAgain()
      case 'status':
      case 'tool_activity':
      case 'files':
      case 'usage':
      case 'review':
      case 'end':
        return
    }
  }

  return {
    event(event) {
      told = []
      read(event)
      return told
    },
    items: () =>
      items.slice(first).map((item) => {
        const copy = structuredClone(item)
        if (copy.status === 'in_progress') copy.status = 'incomplete'
        return copy
      }),
  }
}

function isCustom(placed: Placed<CallOutput | CustomCallOutput>): placed is Placed<CustomCallOutput> {
  return placed.item.type === 'custom_tool_call'
}

function isFunction(placed: Placed<CallOutput | CustomCallOutput>): placed is Placed<CallOutput> {
  return placed.item.type === 'function_call'
}

function emptyText(): Extract<MessageOutput['content'][number], { type: 'output_text' }> {
  return { type: 'output_text', text: '', annotations: [], logprobs: [] }
}
