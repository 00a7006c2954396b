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
import { nameOthers, toBlocks, toResultBlocks, toTextBlocks, type Reading } from './content-blocks.js'
import { callName } from '../../request/call-names.js'
import type { AssistantBlock, Conversation, ToolResultBlock, UserBlock } from '../../request/conversation.js'
import type { Ignored } from '../../request/ignored.js'
import type { RemoteImage } from '../../request/images.js'
import type { AssistantMessage, FunctionMessage, Message, SystemMessage, ToolMessage, UserMessage } from './message-schemas.js'
import { refuse } from '../../errors/refuse.js'
import { parseArguments } from './tool-arguments.js'
import { type Steps, yieldsAt } from '../../slices.js'

interface Reader extends Reading {
  conversation: Conversation
  ids: CallIds
  /** The calls of the last assistant turn, by the id the client gave them. */
  calls: Map<string, Call>
  /** their results, in the places of their calls: so does a process that is still there order them, whatever order they came in */
  results: UserBlock[]
  /** index of the last message that is an assistant's turn */
  lastAssistant: number
}

interface Call {
  id: string
  param: string
  /** among the calls of its turn */
  place: number
  answered: boolean
}

/**
 * Reads messages that have passed their schema. Members that have no effect are added to `ignored`, as in
 * `messages[].name`, and images that have to be fetched to `remote`. Throws 400 with the path of the member at fault.
 */
export function* toConversation(messages: readonly Message[], ignored: Ignored, remote: RemoteImage[]): Steps<Conversation> {
  const conversation: Conversation = { system: [], turns: [] }
  const reader: Reader = {
    conversation,
    ignored,
    images: 0,
    remote,
    ids: createCallIds(),
    calls: new Map(),
    results: [],
    lastAssistant: -1,
  }
  for (const [index, message] of messages.entries()) {
    if (yieldsAt(index)) yield
    yield* readMessage(message, `messages[${index}]`, index, reader)
  }
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

function readMessage(message: Message, path: string, index: number, reader: Reader): Steps<void> {
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
      return readFunction(message, path, reader)
  }
}

function* readSystem(message: SystemMessage, path: string, reader: Reader): Steps<void> {
  nameOthers(message, ['role', 'content'], 'messages[]', reader)
  const blocks = yield* toTextBlocks(message.content, `${path}.content`, reader)
  for (const block of blocks) reader.conversation.system.push(block.text)
}

function* readUser(message: UserMessage, path: string, reader: Reader): Steps<void> {
  nameOthers(message, ['role', 'content'], 'messages[]', reader)
  checkAnswered(reader)
  const blocks = yield* toBlocks(message.content, `${path}.content`, reader)
  if (blocks.length === 0) throw refuse('invalid_value', `${path}.content`, 'it must not be empty')
  append(userTurn(reader), blocks)
}

function* readAssistant(message: AssistantMessage, path: string, index: number, reader: Reader): Steps<void> {
  if (message.audio != null) throw refuse('unsupported_parameter', `${path}.audio`, 'audio is not supported')
  nameOthers(message, ['role', 'content', 'refusal', 'tool_calls', 'function_call'], 'messages[]', reader)
  checkAnswered(reader)
  const blocks: AssistantBlock[] = yield* toTextBlocks(message.content ?? '', `${path}.content`, reader)
  if (blocks.length === 0) append(blocks, yield* toTextBlocks(message.refusal ?? '', `${path}.refusal`, reader))
  for (const [at, call] of (message.tool_calls ?? []).entries()) {
    if (yieldsAt(at)) yield
    const param = `${path}.tool_calls[${at}]`
    nameOthers(call, ['id', 'type', 'function'], 'messages[].tool_calls[]', reader)
    blocks.push(readCall(call.id, call.function, `${param}.id`, `${param}.function`, reader))
  }
  const former = message.function_call
  if (former != null) {
    const param = `${path}.function_call`
    blocks.push(readCall(formerId(former.name), former, param, param, reader))
  }
  if (blocks.length === 0) return
  reader.lastAssistant = index
  const { turns } = reader.conversation
  const last = turns.at(-1)
  if (last?.role === 'assistant') append(last.content, blocks)
  else turns.push({ role: 'assistant', content: blocks })
}

function readCall(
  id: string,
  called: { name: string; namespace?: string | null | undefined; arguments: string },
  param: string,
  path: string,
  reader: Reader,
): AssistantBlock {
  if (reader.calls.has(id)) throw refuse('invalid_value', param, 'another call has the same id')
  const ours = reader.ids.next(id)
  reader.calls.set(id, { id: ours, param, place: reader.calls.size, answered: false })
  return {
    type: 'tool_use',
    id: ours,
    name: callName(called.name, called.namespace),
    input: parseArguments(called.arguments, `${path}.arguments`),
  }
}

function* readTool(message: ToolMessage, path: string, reader: Reader): Steps<void> {
  nameOthers(message, ['role', 'content', 'tool_call_id'], 'messages[]', reader)
  const call = reader.calls.get(message.tool_call_id)
  if (call === undefined) {
    const why = "a 'tool' message has to answer one of the 'tool_calls' of the assistant message before it"
    throw refuse('invalid_value', `${path}.tool_call_id`, why)
  }
  if (call.answered) throw refuse('invalid_value', `${path}.tool_call_id`, 'this call has been answered already')
  answer(call, yield* toResultBlocks(message.content, `${path}.content`, reader), reader)
}

function* readFunction(message: FunctionMessage, path: string, reader: Reader): Steps<void> {
  nameOthers(message, ['role', 'content', 'name'], 'messages[]', reader)
  const call = reader.calls.get(formerId(message.name))
  if (call === undefined || call.answered) {
    const why = "a 'function' message has to answer the 'function_call' of the assistant message before it"
    throw refuse('invalid_value', `${path}.name`, why)
  }
  answer(call, yield* toResultBlocks(message.content ?? '', `${path}.content`, reader), reader)
}

function answer(call: Call, content: ToolResultBlock[], reader: Reader): void {
  call.answered = true
  reader.results[call.place] = { type: 'tool_result', toolCallId: call.id, content }
}

/** A former call has no id; there is one in a message, so its name tells it. */
function formerId(name: string): string {
  return `function_${name}`
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

/** Ends the time in which the last assistant turn's calls can be answered: their results begin the user's turn. */
function checkAnswered(reader: Reader): void {
  if (reader.calls.size === 0) return
  for (const call of reader.calls.values()) {
    if (!call.answered) throw refuse('invalid_value', call.param, "no 'tool' message after it answers this call")
  }
  append(userTurn(reader), reader.results)
  reader.results = []
  reader.calls.clear()
}

/** Not by spreading: a message may have more parts than a call may have arguments. */
function append<Block>(to: Block[], blocks: readonly Block[]): void {
  for (const block of blocks) to.push(block)
}
