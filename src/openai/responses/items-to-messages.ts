/**
 * Items -> the messages of a chat request. What the model said in a row (messages and calls) is one assistant message,
 * as calls have to stand together in front of their outputs.
 */
import { nameOthers, type Reading } from '../in/content-blocks.js'
import type { ChatAssistant, ChatMessage, ChatPart } from './chat-messages.js'
import { answeredIn, readHosted } from './hosted-items.js'
import {
  type CallItem,
  type CallOutputItem,
  type InputItem,
  type MessageItem,
  type OtherItem,
  type ReferenceItem,
  isKnown,
} from './item-schemas.js'
import { leftOut, memberOf, toChatPart } from './parts.js'
import type { Places } from './places.js'
import { type Steps, yieldsAt } from '../../slices.js'

/** An item, and the path in the request that it came from. */
export interface PlacedItem {
  item: Exclude<InputItem, ReferenceItem>
  place: string
}

/** Adds to `messages`; what is left out or without effect is named in `reading`. */
export function* addItems(items: readonly PlacedItem[], messages: ChatMessage[], places: Places, reading: Reading): Steps<void> {
  let assistant: ChatAssistant | null = null
  let results: { message: ChatMessage; place: string }[] = []
  const answered = answeredIn(items)
  const lastAnswer = lastAnswerOf(items)
  const lastMessage = items.findLastIndex(({ item }) => 'role' in item && item.role === 'assistant')

  const gather = (): ChatAssistant => {
    if (assistant === null) messages.push((assistant = { role: 'assistant', content: [], tool_calls: [] }))
    return assistant
  }
  const add = (message: ChatMessage): void => {
    flushResults()
    assistant = null
    messages.push(message)
  }
  /** the path of the message that is being made */
  const here = () => `messages[${messages.length - 1}]`

  function* partsOf(content: InputPartList, place: string, at: string, from: number): Steps<ChatPart[]> {
    const parts: ChatPart[] = []
    for (const [index, part] of content.entries()) {
      if (yieldsAt(index)) yield
      const own = `${place}[${index}]`
      const left = leftOut(part, reading.past === true)
      if (left !== null) {
        reading.ignored.add(`input[].content[].${left}`)
        continue
      }
      const chat = `${at}[${from + parts.length}]`
      places.set(chat, own)
      for (const [below, member] of memberOf[part.type] ?? []) places.set(chat + below, own + member)
      parts.push(toChatPart(part as Parameters<typeof toChatPart>[0], own, reading))
    }
    return parts
  }

  function* addMessage(item: MessageItem, place: string): Steps<void> {
    // a phase says what a message was, and the message is carried as it stands
    const phase = item.role === 'assistant' ? ['phase'] : []
    nameOthers(item, ['type', 'role', 'content', 'id', 'status', ...phase], 'input[]', reading)
    if (item.role === 'assistant') {
      if (results.length > 0 && results.length === assistant?.tool_calls.length) flushResults()
      const message = gather()
      places.set(here(), place)
      const from = message.content.length
      const parts = typeof item.content === 'string' ? [{ type: 'output_text' as const, text: item.content }] : (item.content ?? [])
      for (const part of yield* partsOf(parts, `${place}.content`, `${here()}.content`, from)) message.content.push(part)
      return
    }
    const message = { role: item.role, content: '' as string | ChatPart[] }
    add(message)
    places.set(here(), place)
    // a text alone is no item
    if (place === 'input') places.set(`${here()}.content`, place)
    message.content =
      typeof item.content === 'string' ? item.content : yield* partsOf(item.content ?? [], `${place}.content`, `${here()}.content`, 0)
  }

  function addCall(item: CallItem, place: string, index: number): void {
    nameOthers(item, ['type', 'call_id', 'name', 'namespace', 'arguments', 'input', 'id', 'status'], 'input[]', reading)
    const { call_id: id, name, namespace } = item
    const given = item.type === 'custom_tool_call' ? { input: item.input } : (item.arguments ?? '')
    const text = typeof given === 'string' ? given : JSON.stringify(given)
    pushCall({ id: id ?? '', name, ...(namespace != null && { namespace }), arguments: text }, place)
    // the model has gone on without it
    if (index >= lastMessage || id == null || answered.has(id)) return
    reading.ignored.add('input[].call_id')
    results.push({ message: { role: 'tool', tool_call_id: id, content: '(There is no result of this call.)' }, place })
  }

  function pushCall({ id, ...called }: { id: string; name: string; namespace?: string; arguments: string }, place: string): void {
    const message = gather()
    const call = `${here()}.tool_calls[${message.tool_calls.length}]`
    places.set(call, place)
    places.set(`${call}.id`, `${place}.call_id`)
    places.set(`${call}.function`, place)
    message.tool_calls.push({ id, type: 'function', function: called })
  }

  function addHosted(item: OtherItem, place: string): void {
    const hosted = readHosted(item, answered)
    if (hosted.kind === 'nothing') return reading.ignored.add(`input[].${item.type}`)
    if (hosted.kind === 'call') {
      const { id, name, arguments: text, result } = hosted
      pushCall({ id, name, arguments: text }, place)
      if (result !== null) results.push({ message: { role: 'tool', tool_call_id: id, content: result }, place })
      return
    }
    flushResults()
    addResult({ role: 'tool', tool_call_id: hosted.id, content: hosted.content }, place)
  }

  /** A result that is no item of its own stands behind all the calls that were made together with its own. */
  function addResult(message: ChatMessage, place: string): void {
    assistant = null
    messages.push(message)
    places.set(here(), place)
  }

  function flushResults(): void {
    for (const { message, place } of results) addResult(message, place)
    results = []
  }

  function* addOutput(item: CallOutputItem, place: string): Steps<void> {
    nameOthers(item, ['type', 'call_id', 'output', 'id', 'status'], 'input[]', reading)
    const message = { role: 'tool' as const, tool_call_id: item.call_id ?? '', content: '' as string | ChatPart[] }
    add(message)
    places.set(here(), place)
    places.set(`${here()}.tool_call_id`, `${place}.call_id`)
    places.set(`${here()}.content`, `${place}.output`)
    const { output } = item
    message.content =
      output == null || typeof output === 'string' ? (output ?? '') : yield* partsOf(output, `${place}.output`, `${here()}.content`, 0)
  }

  for (const [index, { item, place }] of items.entries()) {
    if (yieldsAt(index)) yield
    reading.past = index < lastAnswer
    if (!isKnown(item)) {
      addHosted(item, place)
      continue
    }
    switch (item.type) {
      case 'function_call':
      case 'custom_tool_call':
        addCall(item, place, index)
        break
      case 'function_call_output':
      case 'custom_tool_call_output':
        yield* addOutput(item, place)
        break
      case 'reasoning':
        reading.ignored.add('input[].reasoning')
        break
      case 'additional_tools':
      case 'item_reference':
        // read before: see offered-tools.ts, response-context.ts
        break
      default:
        yield* addMessage(item, place)
    }
  }
  flushResults()
}

type InputPartList = Exclude<MessageItem['content'], string | null>

/** The last item that the model has said: what comes behind it is asked now. */
function lastAnswerOf(items: readonly PlacedItem[]): number {
  return items.findLastIndex(({ item }) => ('role' in item && item.role === 'assistant') || String(item.type).endsWith('_call'))
}
