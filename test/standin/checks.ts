/** The API's own refusals that a client of ours could run into; the messages follow the real ones. */
import { blocksOf, type MessagesRequest, type RequestMessage } from './request.js'

const maxBreakpoints = 4

/** @returns what the API would say with a 400, or undefined where the request is well formed */
export function findFault(body: MessagesRequest, counting = false): string | undefined {
  if (typeof body.model !== 'string') return 'model: Field required'
  if (!Array.isArray(body.messages)) return 'messages: Field required'
  if (body.messages.length === 0) return 'messages: at least one message is required'
  if (!counting && typeof body.max_tokens !== 'number') return 'max_tokens: Field required'
  return faultyTools(body) ?? faultyBlocks(body) ?? faultyPairs(body.messages) ?? faultyBreakpoints(body)
}

function faultyTools(body: MessagesRequest): string | undefined {
  const seen = new Set<string>()
  for (const [index, tool] of (body.tools ?? []).entries()) {
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name)) {
      return `tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`
    }
    if (seen.has(tool.name)) return 'tools: Tool names must be unique.'
    seen.add(tool.name)
  }
  return undefined
}

function faultyBlocks(body: MessagesRequest): string | undefined {
  if (blocksOf(body.system).some((block) => block.text === '')) return 'system: text content blocks must be non-empty'
  for (const [index, message] of body.messages!.entries()) {
    if (!['user', 'assistant', 'system'].includes(message.role)) {
      return `messages.${index}.role: Input should be 'user' or 'assistant'`
    }
    const blocks = blocksOf(message.content)
    // the CLI's note on the effort of a turn: a system message with settings and no words
    if (message.role === 'system' && message['output_config'] !== undefined) continue
    if (blocks.length === 0) return `messages.${index}: all messages must have non-empty content`
    if (blocks.some((block) => block.type === 'text' && !block.text)) return 'messages: text content blocks must be non-empty'
    if (blocks.some((block) => block.type === 'text' && block.text!.trim() === '')) {
      return 'messages: text content blocks must contain non-whitespace text'
    }
  }
  return undefined
}

/** Every `tool_use` is answered in the next message, and every `tool_result` answers one of the message before. */
function faultyPairs(messages: readonly RequestMessage[]): string | undefined {
  // a system message in the middle stands between no call and its result
  const spoken = messages.filter((message) => message.role !== 'system')
  for (const [index, message] of spoken.entries()) {
    const called = idsOf(message, 'tool_use', 'id')
    const answered = idsOf(spoken[index + 1], 'tool_result', 'tool_use_id')
    const missing = called.filter((id) => !answered.includes(id))
    if (missing.length > 0) {
      const where = `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after`
      return `${where}: ${missing.join(', ')}.`
    }
    const before = idsOf(spoken[index - 1], 'tool_use', 'id')
    const orphan = idsOf(message, 'tool_result', 'tool_use_id').find((id) => !before.includes(id))
    if (orphan !== undefined) {
      return `messages.${index}.content: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${orphan}.`
    }
  }
  return undefined
}

function idsOf(message: RequestMessage | undefined, type: string, field: 'id' | 'tool_use_id'): string[] {
  if (message === undefined) return []
  return blocksOf(message.content)
    .filter((block) => block.type === type)
    .map((block) => block[field] ?? '')
}

function faultyBreakpoints(body: MessagesRequest): string | undefined {
  const blocks: readonly { readonly [field: string]: unknown }[] = [
    ...blocksOf(body.system),
    ...(body.tools ?? []),
    ...body.messages!.flatMap((message) => blocksOf(message.content)),
  ]
  const found = blocks.filter((block) => block['cache_control'] != null).length
  if (found <= maxBreakpoints) return undefined
  return `A maximum of ${maxBreakpoints} blocks with cache_control may be provided. Found ${found}.`
}
