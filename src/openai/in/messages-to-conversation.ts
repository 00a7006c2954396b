/**
 * OpenAI's messages -> our conversation. What the two do not have in common:
 *
 * - The CLI takes no system message inside a conversation. All of them go in front, in their order, as in Anthropic's
 *   own OpenAI compatibility layer. If there is nothing else, they are what the user says, since a run needs a user
 *   turn.
 * - Turns alternate: messages of one role in a row become one turn with all their blocks.
 * - Every tool call is answered directly after it, and by one result only. Of what is asked now, other forms are refused with 400, as OpenAI
 *   does. What was said before the last answer goes on: a call without a result gets one that says so, a result without its call is
 *   carried as words. The CLI would make up the missing results and drop the orphans.
 * - A run answers the user: a conversation that ends with the assistant is refused, as it cannot be continued here.
 * - A message without any content is skipped; one of the user's that is asked now is refused.
 * - An image of the assistant's stands in the next turn of the user's, as the Claude API takes it only there.
 */
import { createCallIds, type CallIds } from './call-ids.js'
import { type ContentBlock, nameOthers, toBlocks, toResultBlocks, toTextBlocks, type Reading } from './content-blocks.js'
import { callName } from '../../request/call-names.js'
import type { AssistantBlock, Conversation, UserBlock } from '../../request/conversation.js'
import type { Ignored } from '../../request/ignored.js'
import type { RemoteImage } from '../../request/images.js'
import type { AssistantMessage, FunctionMessage, Message, SystemMessage, ToolMessage, UserMessage } from './message-schemas.js'
import { refuse } from '../../errors/refuse.js'
import { OpenCalls } from './open-calls.js'
import { parseArguments } from './tool-arguments.js'
import { type Steps, yieldsAt } from '../../slices.js'

interface Reader extends Reading {
  conversation: Conversation
  ids: CallIds
  calls: OpenCalls
  /** what an assistant's turn cannot have: it stands in the next turn of the user's */
  carried: ContentBlock[]
  /** something of it was said between two of the assistant's turns */
  between: boolean
  /** index of the last message of the assistant's: what comes behind it is asked now */
  lastAnswer: number
  /** index of the last message that is an assistant's turn */
  lastAssistant: number
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
    calls: new OpenCalls(),
    carried: [],
    between: false,
    lastAnswer: messages.findLastIndex(({ role }) => role === 'assistant'),
    lastAssistant: -1,
  }
  for (const [index, message] of messages.entries()) {
    if (yieldsAt(index)) yield
    reader.past = index <= reader.lastAnswer
    yield* readMessage(message, `messages[${index}]`, index, reader)
  }
  endCalls(reader)
  if (reader.lastAssistant === messages.length - 1 || conversation.turns.at(-1)?.role === 'assistant') {
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
  const parts = typeof message.content === 'string' ? [] : (message.content ?? [])
  const results = parts.flatMap((part, index) => (part.type === 'tool_result' ? [{ part, index }] : []))
  for (const { part, index } of results) {
    nameOthers(part, ['type', 'tool_use_id', 'content'], 'messages[].content[]', reader)
    yield* readResult(
      part.tool_use_id,
      part.content ?? '',
      `${path}.content[${index}].tool_use_id`,
      `${path}.content[${index}].content`,
      reader,
    )
  }
  const blocks = yield* toBlocks(message.content, `${path}.content`, reader)
  if (blocks.length === 0) {
    if (results.length > 0) return
    if (!reader.past) throw refuse('invalid_value', `${path}.content`, 'it must not be empty')
    return reader.ignored.add('messages[].content')
  }
  endCalls(reader)
  append(userTurn(reader), blocks)
}

function* readAssistant(message: AssistantMessage, path: string, index: number, reader: Reader): Steps<void> {
  // an answer in sound has an id, which is not known here
  nameOthers(message, ['role', 'content', 'refusal', 'tool_calls', 'function_call'], 'messages[]', reader)
  // calls that were made together may stand in messages of their own
  if (reader.calls.touched || reader.between) endCalls(reader)
  const said = yield* toBlocks(message.content ?? '', `${path}.content`, reader)
  const blocks: AssistantBlock[] = said.filter((block) => block.type === 'text')
  for (const block of said) if (block.type !== 'text') carry(block, 'messages[].content[].image_url', reader)
  if (blocks.length === 0) append(blocks, yield* toTextBlocks(message.refusal ?? '', `${path}.refusal`, reader))
  for (const [at, part] of (typeof message.content === 'string' ? [] : (message.content ?? [])).entries()) {
    if (part.type !== 'tool_use') continue
    const param = `${path}.content[${at}]`
    nameOthers(part, ['type', 'id', 'name', 'input'], 'messages[].content[]', reader)
    blocks.push(readCall(part.id, { name: part.name, arguments: part.input }, `${param}.id`, `${param}.input`, index, reader))
  }
  for (const [at, call] of (message.tool_calls ?? []).entries()) {
    if (yieldsAt(at)) yield
    const param = `${path}.tool_calls[${at}]`
    nameOthers(call, ['id', 'type', call.type === 'custom' ? 'custom' : 'function'], 'messages[].tool_calls[]', reader)
    const [called, member] =
      call.type === 'custom'
        ? [{ ...call.custom, arguments: { input: call.custom.input } }, 'custom.input']
        : [call.function, 'function.arguments']
    blocks.push(readCall(call.id ?? '', called, `${param}.id`, `${param}.${member}`, index, reader))
  }
  const former = message.function_call
  if (former != null) {
    const param = `${path}.function_call`
    blocks.push(readCall(formerId(former.name), former, param, `${param}.arguments`, index, reader))
  }
  if (said.length > 0 || blocks.length > 0) reader.lastAssistant = index
  if (blocks.length === 0) return
  const { turns } = reader.conversation
  const last = turns.at(-1)
  if (last?.role === 'assistant') append(last.content, blocks)
  else turns.push({ role: 'assistant', content: blocks })
}

interface Called {
  name: string
  namespace?: string | null | undefined
  arguments?: string | object | null | undefined
}

function readCall(given: string, called: Called, param: string, argumentsAt: string, message: number, reader: Reader): AssistantBlock {
  if (given !== '' && message === reader.lastAnswer && reader.calls.has(given)) {
    throw refuse('invalid_value', param, 'another call has the same id')
  }
  const id = reader.ids.next(given === '' ? 'call' : given)
  reader.calls.add({ given, id, param, message })
  return { type: 'tool_use', id, name: callName(called.name, called.namespace), input: parseArguments(called.arguments, argumentsAt) }
}

function* readTool(message: ToolMessage, path: string, reader: Reader): Steps<void> {
  nameOthers(message, ['role', 'content', 'tool_call_id'], 'messages[]', reader)
  yield* readResult(message.tool_call_id, message.content ?? '', `${path}.tool_call_id`, `${path}.content`, reader)
}

/** A result of a call that is not open: what the past has of such is carried as words. */
function* readResult(
  given: string,
  content: ResultContent,
  param: string,
  contentAt: string,
  reader: Reader,
  unknown = "a 'tool' message has to answer one of the 'tool_calls' of the assistant message before it",
): Steps<void> {
  const blocks = yield* toResultBlocks(content, contentAt, reader)
  if (reader.calls.answer(given, blocks)) return
  if (!reader.past) {
    throw refuse('invalid_value', param, reader.calls.has(given) ? 'this call has been answered already' : unknown)
  }
  const note: ContentBlock[] = [{ type: 'text', text: '(The result of a tool, of a call that is not part of this conversation:)' }]
  reader.between ||= blocks.length > 0
  for (const block of blocks.length > 0 ? [...note, ...blocks] : []) carry(block, 'messages[].tool_call_id', reader)
}

function* readFunction(message: FunctionMessage, path: string, reader: Reader): Steps<void> {
  nameOthers(message, ['role', 'content', 'name'], 'messages[]', reader)
  const why = "a 'function' message has to answer the 'function_call' of the assistant message before it"
  yield* readResult(formerId(message.name), message.content ?? '', `${path}.name`, `${path}.content`, reader, why)
}

/** A former call has no id; there is one in a message, so its name tells it. */
function formerId(name: string): string {
  return `function_${name}`
}

function carry(block: ContentBlock, name: string, reader: Reader): void {
  reader.carried.push(block)
  reader.ignored.add(name)
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

/**
 * Ends the time in which the last assistant turn's calls can be answered: their results begin the user's turn, and what is carried stands
 * behind them. A call of the past that has no result gets one that says so; one of the last answer is refused.
 */
function endCalls(reader: Reader): void {
  const results = reader.calls.end(({ param, message }) => {
    if (message === reader.lastAnswer) throw refuse('invalid_value', param, "no 'tool' message after it answers this call")
    reader.ignored.add('messages[].tool_calls[].id')
    return [{ type: 'text', text: '(There is no result of this call.)' }]
  })
  const { carried } = reader
  reader.carried = []
  reader.between = false
  if (results.length + carried.length > 0) append(append(userTurn(reader), results), carried)
}

type ResultContent = NonNullable<ToolMessage['content']>

/** Not by spreading: a message may have more parts than a call may have arguments. */
function append<Block>(to: Block[], blocks: readonly Block[]): Block[] {
  for (const block of blocks) to.push(block)
  return to
}
