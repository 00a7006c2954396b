/** Builders of answers: content blocks, and a message made of them. */
import type { MessageReply, ReplyBlock, ToolName } from './reply.js'
import { splitWords } from './words.js'

/**
 * A text block.
 * @param content a string is streamed word by word; a list gives the exact deltas
 */
export function text(content: string | readonly string[]): ReplyBlock {
  return { type: 'text', deltas: typeof content === 'string' ? splitWords(content) : content }
}

/** A thinking block; its signature is a delta of its own, the last one, unless it is empty. */
export function thinking(content: string | readonly string[], signature = 'c3RhbmQtaW4tc2lnbmF0dXJl'): ReplyBlock {
  return { type: 'thinking', deltas: typeof content === 'string' ? splitWords(content) : content, signature }
}

export function redactedThinking(data = 'c3RhbmQtaW4tcmVkYWN0ZWQ='): ReplyBlock {
  return { type: 'redacted_thinking', data }
}

/**
 * A tool call.
 * @param name exact, or `offered('x')` for whatever the request calls that tool
 * @param input an object is streamed as the API does it, an empty fragment first; a list gives the exact fragments,
 *   which need not be JSON
 */
export function toolUse(name: ToolName, input: object | readonly string[] = {}, id?: string): ReplyBlock {
  return { type: 'tool_use', id, name, fragments: isFragments(input) ? input : fragmentsOf(input) }
}

/** A tool that the API runs itself; its result is a block of its own, see `raw`. */
export function serverToolUse(name: string, input: object | readonly string[] = {}, id?: string): ReplyBlock {
  return { type: 'server_tool_use', id, name, fragments: isFragments(input) ? input : fragmentsOf(input) }
}

/** The tool of the request with that name, be it plain or behind a prefix such as `mcp__client__`. */
export function offered(name: string): ToolName {
  return { offered: name }
}

/** What the CLI's `--json-schema` waits for: a call of the tool it offers for that. */
export function structuredOutput(value: object | readonly string[]): ReplyBlock {
  return toolUse(offered('StructuredOutput'), value)
}

/** Any other block, such as `{ type: 'web_search_tool_result', … }` or one that no client knows. */
export function raw(start: Record<string, unknown>, deltas: readonly Record<string, unknown>[] = []): ReplyBlock {
  return { type: 'raw', start, deltas }
}

export type MessageOptions = Omit<MessageReply, 'kind' | 'content'>

/**
 * A message.
 * @param content a string is one text block
 */
export function message(content: string | ReplyBlock | readonly ReplyBlock[], options: MessageOptions = {}): MessageReply {
  return { kind: 'message', content: toBlocks(content), ...options }
}

function toBlocks(content: string | ReplyBlock | readonly ReplyBlock[]): readonly ReplyBlock[] {
  if (typeof content === 'string') return [text(content)]
  return 'type' in content ? [content] : content
}

function isFragments(input: object | readonly string[]): input is readonly string[] {
  return Array.isArray(input)
}

function fragmentsOf(input: object): string[] {
  // spread: a fragment never starts or ends inside a surrogate pair
  const characters = [...JSON.stringify(input)]
  const fragments = ['']
  for (let at = 0; at < characters.length; at += 16) fragments.push(characters.slice(at, at + 16).join(''))
  return fragments
}
