import { BridgeError } from '../../errors/catalogue.js'
import type { ChatMessage } from './chat-messages.js'
import type { Places } from './places.js'

/**
 * Every call has its output and every output its call, in OpenAI's own words for this API: the chat request that is
 * made of it would speak of `tool` messages. Throws 400 `invalid_value`.
 */
export function checkCalls(messages: readonly ChatMessage[], places: Places): void {
  const open = new Map<string, string>()
  messages.forEach((message, index) => {
    if (message.role === 'assistant') {
      message.tool_calls.forEach(({ id }, at) => open.set(id, `messages[${index}].tool_calls[${at}].id`))
    } else if (message.role === 'tool' && !open.delete(message.tool_call_id)) {
      const why = `No tool call found for function call output with call_id ${shorten(message.tool_call_id)}.`
      throw new BridgeError('invalid_value', why, { param: places.own(`messages[${index}].tool_call_id`) })
    }
  })
  for (const [id, chat] of open) {
    const place = places.own(chat)
    const param = place === 'previous_response_id' ? 'input' : place
    throw new BridgeError('invalid_value', `No tool output found for function call ${shorten(id)}.`, { param })
  }
}

function shorten(id: string): string {
  return id.length > 80 ? `${id.slice(0, 80)}…` : id
}
