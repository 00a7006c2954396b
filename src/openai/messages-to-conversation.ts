/**
 * OpenAI's messages -> our conversation. What the two do not have in common:
 *
 * - The CLI takes no system message inside a conversation. All of them go in front, in their order, as in Anthropic's
 *   own OpenAI compatibility layer. If there is nothing else, they are what the user says, since a run needs a user
 *   turn.
 * - Turns alternate: messages of one role in a row become one turn with all their blocks.
 * - Every tool call is answered directly after it, and by one result only. OpenAI refuses other histories with 400, as
 *   is done here; the CLI would make up the missing results and drop the orphans.
 * - A run answers the user: a conversation that ends with the assistant is refused, as it cannot be continued here.
 * - An assistant message without any content is skipped (clients keep stopped answers so); a user's is refused.
 */
import { createCallIds, type CallIds } from './call-ids.js'
import { nameOthers, toBlocks, toTextBlocks, type Reading } from './content-blocks.js'
import type { AssistantBlock, Conversation, UserBlock } from './conversation.js'
import type { Ignored } from './ignored.js'
import type { AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage } from './message-schemas.js'
import { refuse } from './refuse.js'
import { parseArguments } from './tool-arguments.js'

interface Reader extends Reading {
  conversation: Conversation
  ids: CallIds
  /** The calls of the last assistant turn, by the id the client gave them. */
  calls: Map<string, Call>
  /** index of the last message that is an assistant's turn */
  lastAssistant: number
}

interface Call {
  id: string
  param: string
  answered: boolean
}

/**
 * Reads messages that have passed their schema. Members that have no effect are added to `ignored`, as in
 * `messages[].name`. Throws 400 with the path of the member at fault.
 */
export function toConversation(messages: readonly Message[], ignored: Ignored): Conversation {
  const conversation: Conversation = { system: [], turns: [] }
  const reader: Reader = {
    conversation,
    ignored,
    images: 0,
    ids: createCallIds(),
    calls: new Map(),
    lastAssistant: -1,
  }
  messages.forEach((message, index) => readMessage(message, `messages[${index}]`, index, reader))
  checkAnswered(reader)
  if (conversation.turns.at(-1)?.role === 'assistant') {
    throw refuse(
      'unsupported_value',
      `messages[${reader.lastAssistant}].role`,
      'the conversation has to end with a user or tool message; an answer that was begun cannot be continued',
    )
  }
  if (conversation.turns.length > 0) return conversation
  if (conversation.system.length === 0) throw refuse('invalid_value', 'messages', 'there is no text in them')
  return { system: [], turns: [{ role: 'user', content: conversation.system.map((text) => ({ type: 'text', text })) }] }
}

function readMessage(message: Message, path: string, index: number, reader: Reader): void {
  switch (message.role) {
    case 'system':
    case 'developer':
      return readSystem(message, path, reader)
    case 'user':
      return readUser(message, path, reader)
    case 'assistant':
      return readAssistant(message, path, index, reader)
    case 'tool':
      return readTool(message, path, reader)
    case 'function':
      throw refuse('unsupported_value', `${path}.role`, "'function' is OpenAI's former name; use 'tool' messages")
  }
}

function readSystem(message: SystemMessage, path: string, reader: Reader): void {
  nameOthers(message, ['role', 'content'], 'messages[]', reader)
  const blocks = toTextBlocks(message.content, `${path}.content`, reader)
  for (const block of blocks) reader.conversation.system.push(block.text)
}

function readUser(message: UserMessage, path: string, reader: Reader): void {
  nameOthers(message, ['role', 'content'], 'messages[]', reader)
  checkAnswered(reader)
  const blocks = toBlocks(message.content, `${path}.content`, reader)
  if (blocks.length === 0) throw refuse('invalid_value', `${path}.content`, 'it must not be empty')
  append(userTurn(reader), blocks)
}

function readAssistant(message: AssistantMessage, path: string, index: number, reader: Reader): void {
  if (message.function_call != null) {
    throw refuse('unsupported_parameter', `${path}.function_call`, "it is OpenAI's former name; use 'tool_calls'")
  }
  if (message.audio != null) throw refuse('unsupported_parameter', `${path}.audio`, 'audio is not supported')
  nameOthers(message, ['role', 'content', 'refusal', 'tool_calls'], 'messages[]', reader)
  checkAnswered(reader)
  const blocks: AssistantBlock[] = toTextBlocks(message.content ?? '', `${path}.content`, reader)
  if (blocks.length === 0) append(blocks, toTextBlocks(message.refusal ?? '', `${path}.refusal`, reader))
  for (const [at, call] of (message.tool_calls ?? []).entries()) {
    const param = `${path}.tool_calls[${at}]`
    nameOthers(call, ['id', 'type', 'function'], 'messages[].tool_calls[]', reader)
    if (reader.calls.has(call.id)) throw refuse('invalid_value', `${param}.id`, 'another call has the same id')
    const id = reader.ids.next(call.id)
    reader.calls.set(call.id, { id, param: `${param}.id`, answered: false })
    const input = parseArguments(call.function.arguments, `${param}.function.arguments`)
    blocks.push({ type: 'tool_use', id, name: call.function.name, input })
  }
  if (blocks.length === 0) return
  reader.lastAssistant = index
  const { turns } = reader.conversation
  const last = turns.at(-1)
  if (last?.role === 'assistant') append(last.content, blocks)
  else turns.push({ role: 'assistant', content: blocks })
}

function readTool(message: ToolMessage, path: string, reader: Reader): void {
  nameOthers(message, ['role', 'content', 'tool_call_id'], 'messages[]', reader)
  const call = reader.calls.get(message.tool_call_id)
  if (call === undefined) {
    const why = "a 'tool' message has to answer one of the 'tool_calls' of the assistant message before it"
    throw refuse('invalid_value', `${path}.tool_call_id`, why)
  }
  if (call.answered) throw refuse('invalid_value', `${path}.tool_call_id`, 'this call has been answered already')
  call.answered = true
  const content = toBlocks(message.content, `${path}.content`, reader)
  userTurn(reader).push({ type: 'tool_result', toolCallId: call.id, content })
}

/** The blocks of the user's turn that is being read; a new turn if the last one is the assistant's. */
function userTurn(reader: Reader): UserBlock[] {
  const { turns } = reader.conversation
  const last = turns.at(-1)
  if (last?.role === 'user') return last.content
  const content: UserBlock[] = []
  turns.push({ role: 'user', content })
  return content
}

/** Ends the time in which the last assistant turn's calls can be answered. */
function checkAnswered(reader: Reader): void {
  for (const call of reader.calls.values()) {
    if (!call.answered) throw refuse('invalid_value', call.param, "no 'tool' message after it answers this call")
  }
  reader.calls.clear()
}

/** Not by spreading: a message may have more parts than a call may have arguments. */
function append<Block>(to: Block[], blocks: readonly Block[]): void {
  for (const block of blocks) to.push(block)
}
