/**
 * The items that a response was made from, as its stored request holds them: system messages first, then the turns. Its
 * instructions are not among them; what it carried over from the response before is.
 */
import { callName } from '../../request/call-names.js'
import type { ClaudeRequest, Conversation } from '../../request/conversation.js'
import { inputOf } from '../out/custom-input.js'
import { carryOver } from './carry-over.js'
import type { ChatMessage, ChatPart } from './chat-messages.js'
import { type ItemType, inputItemId } from './ids.js'
import type { InputItemList } from './response-schemas.js'

type Item = InputItemList['data'][number]

export interface Page {
  limit: number
  order: 'asc' | 'desc'
  /** id of the last item of the page before */
  after?: string | undefined
}

export function toInputItems(taskId: string, said: Conversation & Pick<ClaudeRequest, 'tools'>, instructions: string | null): Item[] {
  const custom = new Set(said.tools?.flatMap(({ name, custom }) => (custom ? [name] : [])))
  const calls = new Set<string>()
  const items = carryOver(said, instructions, null).flatMap((message) => itemsOf(message, custom, calls))
  return items.map(({ type, ...members }, index) => ({ id: inputItemId(type, taskId, index), type, ...members }))
}

/** Null where there is no item `after`. */
export function pageOf(items: readonly Item[], { limit, order, after }: Page): InputItemList | null {
  const ordered = order === 'asc' ? [...items] : items.toReversed()
  const from = after === undefined ? 0 : ordered.findIndex((item) => item.id === after) + 1
  if (after !== undefined && from === 0) return null
  const data = ordered.slice(from, from + limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: ordered.length > from + limit,
  }
}

interface Members {
  type: ItemType
  content?: { type: string }[]
  [member: string]: unknown
}

/** @param custom names of custom tools @param calls ids of their calls, as they come */
function itemsOf(message: ChatMessage, custom: ReadonlySet<string>, calls: Set<string>): Members[] {
  const status = 'completed'
  switch (message.role) {
    case 'tool': {
      const { tool_call_id: call_id, content } = message
      const type = calls.has(call_id) ? 'custom_tool_call_output' : 'function_call_output'
      return [{ type, status, call_id, output: partsOf(content, 'input_text') }]
    }
    case 'assistant': {
      const { content, tool_calls: called } = message
      const text: Members = { type: 'message', role: 'assistant', status, content: partsOf(content, 'output_text') }
      const made = called.map(({ id, function: { arguments: text, ...names } }): Members => {
        if (!custom.has(callName(names.name, names.namespace)))
          return { type: 'function_call', status, call_id: id, ...names, arguments: text }
        calls.add(id)
        return { type: 'custom_tool_call', status, call_id: id, ...names, input: inputOf(text) }
      })
      return content.length > 0 ? [text, ...made] : made
    }
    default:
      return [{ type: 'message', role: message.role, status, content: partsOf(message.content, 'input_text') }]
  }
}

function partsOf(content: string | ChatPart[], text: 'input_text' | 'output_text'): { type: string }[] {
  return typeof content === 'string' ? [textPart(text, content)] : content.map((part) => partOf(part, text))
}

function partOf(part: ChatPart, text: 'input_text' | 'output_text'): { type: string } {
  switch (part.type) {
    case 'text':
      return textPart(text, part.text)
    case 'refusal':
      return part
    case 'image_url':
      return { type: 'input_image', ...{ image_url: part.image_url.url, detail: 'auto' } }
    case 'file':
      return { type: 'input_file', ...part.file }
  }
}

function textPart(type: 'input_text' | 'output_text', text: string): { type: string } {
  return { type, text, ...(type === 'output_text' && { annotations: [], logprobs: [] }) } as { type: string }
}
