/**
 * The conversation of an earlier response -> messages that the next one begins with: what was said to the model, and
 * what it answered. Its instructions are not among them, as in OpenAI's API; system messages of its input are.
 */
import { type Answer, type Choice, commentaryOf } from '../../jobs/answer.js'
import type { AssistantBlock, Conversation, Turn, UserBlock } from '../../request/conversation.js'
import { callName, partsOfCallName } from '../../request/call-names.js'
import type { ChatMessage, ChatPart } from './chat-messages.js'

/** `instructions`: those of the earlier response, which stand in front of its system messages. */
export function carryOver(said: Conversation, instructions: string | null, answer: Answer | null): ChatMessage[] {
  const system = said.system.slice(hasText(instructions) ? 1 : 0)
  const messages = system.map((content): ChatMessage => ({ role: 'developer', content }))
  // not by spreading: a turn may have more results than a call may have arguments
  for (const turn of said.turns) for (const message of messagesOf(turn)) messages.push(message)
  const choice = answer?.choices[0]
  if (choice !== undefined) messages.push(answerOf(choice))
  return messages
}

/** Whether instructions are more than white space, of which no system prompt is made. */
export function hasText(instructions: string | null | undefined): instructions is string {
  return instructions != null && /\S/.test(instructions)
}

function messagesOf(turn: Turn): ChatMessage[] {
  if (turn.role === 'assistant') return [assistantOf(turn.content)]
  const messages: ChatMessage[] = []
  const parts: ChatPart[] = []
  // results stand in front of what the user says
  for (const block of turn.content) {
    if (block.type === 'tool_result') {
      messages.push({ role: 'tool', tool_call_id: block.toolCallId, content: block.content.map(partOf) })
    } else {
      parts.push(partOf(block))
    }
  }
  if (parts.length > 0) messages.push({ role: 'user', content: parts })
  return messages
}

function partOf(block: Exclude<UserBlock, { type: 'tool_result' }>): ChatPart {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'image':
      return { type: 'image_url', image_url: { url: `data:${block.mediaType};base64,${block.data}` } }
    case 'document': {
      const file_data = `data:${block.mediaType};base64,${block.data}`
      return { type: 'file', file: { file_data, ...(block.title !== undefined && { filename: block.title }) } }
    }
  }
}

function assistantOf(blocks: readonly AssistantBlock[]): ChatMessage {
  const content: ChatPart[] = []
  const calls = []
  for (const block of blocks) {
    if (block.type === 'text') content.push({ type: 'text', text: block.text })
    else calls.push(callOf(block.id, block.name, JSON.stringify(block.input)))
  }
  return { role: 'assistant', content, tool_calls: calls }
}

function answerOf(choice: Choice): ChatMessage {
  const { text, refusal, toolCalls } = choice
  return {
    role: 'assistant',
    content: [commentaryOf(choice), text].flatMap((said) => (said === '' ? [] : [{ type: 'text', text: said }])),
    ...(refusal !== null && { refusal }),
    tool_calls: toolCalls.map((call) => callOf(call.id, callName(call.name, call.namespace), call.arguments)),
  }
}

/** `name`: with its namespace */
function callOf(id: string, name: string, json: string) {
  return { id, type: 'function' as const, function: { ...partsOfCallName(name), arguments: json || '{}' } }
}
