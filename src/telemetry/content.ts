/** What is asked and answered, as OpenTelemetry's GenAI conventions write messages down. Made only where `LOG_PROMPTS=1`. */
import type { Attributes } from '../jobs/trace.js'
import type { AssistantBlock, ClaudeRequest, UserBlock } from '../request/conversation.js'
import { membersOf } from '../request/json-members.js'
import type { UpstreamRequest } from '../request/upstream-request.js'

type Part = { type: string; content?: unknown; id?: string; name?: string; arguments?: unknown; response?: unknown }

/** The opt-in attributes of a request. */
export function askedContent(request: ClaudeRequest | UpstreamRequest): Attributes {
  if (request.kind === 'upstream') return { 'gen_ai.input.messages': JSON.stringify(messagesOf(request).map(messageOf)) }
  const messages = request.turns.map(({ role, content }) => ({ role, parts: (content as (UserBlock | AssistantBlock)[]).map(partOf) }))
  const system = request.system.map((content) => ({ type: 'text', content }))
  return {
    'gen_ai.input.messages': JSON.stringify(messages),
    ...(system.length > 0 && { 'gen_ai.system_instructions': JSON.stringify(system) }),
  }
}

type Loose = Record<string, unknown>

/** What the provider is asked, in OpenAI's words; the provider judges them, so that they may be anything. */
function messagesOf({ text, added = [] }: UpstreamRequest): Loose[] {
  const given = membersOf(text)
  const messages: unknown = JSON.parse(given.get('messages') ?? 'null')
  const question: unknown = JSON.parse(given.get('question') ?? 'null')
  const asked: unknown[] = Array.isArray(messages) ? messages : [{ role: 'user', content: question }]
  return [...asked, ...added].map((message) => (isObject(message) ? message : {}))
}

function messageOf({ role, content, tool_calls: calls, tool_call_id: id }: Loose): { role: unknown; parts: Part[] } {
  const said = (Array.isArray(content) ? (content as unknown[]) : [content]).flatMap(looseParts)
  if (typeof id === 'string') return { role, parts: [{ type: 'tool_call_response', id, response: said }] }
  return { role, parts: [...said, ...(Array.isArray(calls) ? calls.filter(isObject).map(callOf) : [])] }
}

function looseParts(part: unknown): Part[] {
  if (typeof part === 'string') return [{ type: 'text', content: part }]
  if (!isObject(part)) return []
  return [{ type: String(part['type']), ...(typeof part['text'] === 'string' && { content: part['text'] }) }]
}

function callOf({ id, function: called }: Loose): Part {
  const { name, arguments: given } = isObject(called) ? called : {}
  return { type: 'tool_call', id: String(id), name: String(name), arguments: given }
}

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The opt-in attribute of an answer. */
export function answeredContent(text: string, finish: string): Attributes {
  return {
    'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content: text }], finish_reason: finish }]),
  }
}

/** Pictures and files are named by their kind only. */
function partOf(block: UserBlock | AssistantBlock): Part {
  switch (block.type) {
    case 'text':
      return { type: 'text', content: block.text }
    case 'tool_use':
      return { type: 'tool_call', id: block.id, name: block.name, arguments: block.input }
    case 'tool_result':
      return { type: 'tool_call_response', id: block.toolCallId, response: block.content.map(partOf) }
    case 'image':
    case 'document':
      return { type: block.type }
  }
}
