/** What is asked and answered, as OpenTelemetry's GenAI conventions write messages down. Made only where `LOG_PROMPTS=1`. */
import type { Attributes } from '../jobs/trace.js'
import type { AssistantBlock, ClaudeRequest, UserBlock } from '../request/conversation.js'
import { membersOf } from '../request/json-members.js'
import type { UpstreamRequest } from '../request/upstream-request.js'

type Part = { type: string; content?: unknown; id?: string; name?: string; arguments?: unknown; response?: unknown }

/** The opt-in attributes of a request. */
export function askedContent(request: ClaudeRequest | UpstreamRequest): Attributes {
  if (request.kind === 'upstream') {
    const given = membersOf(request.text)
    return { 'gen_ai.input.messages': given.get('messages') ?? given.get('question') }
  }
  const messages = request.turns.map(({ role, content }) => ({ role, parts: (content as (UserBlock | AssistantBlock)[]).map(partOf) }))
  const system = request.system.map((content) => ({ type: 'text', content }))
  return {
    'gen_ai.input.messages': JSON.stringify(messages),
    ...(system.length > 0 && { 'gen_ai.system_instructions': JSON.stringify(system) }),
  }
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
