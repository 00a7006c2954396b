import { BridgeError } from '../../errors/catalogue.js'
import type { ChatMessage } from './chat-messages.js'
import type { Places } from './places.js'

/**
 * Every call of the last answer has its output and every output behind it its call, in OpenAI's own words for this API: the chat request that
 * is made of it would speak of `tool` messages. Throws 400 `invalid_value`.
 */
export function checkCalls(messages: readonly ChatMessage[], places: Places): void {
  // what was said before the last answer goes on, whatever it is like
  const last = messages.findLastIndex(({ role }) => role === 'assistant')
  const open = new Map<string, { places: string[]; answered: number }>()
  messages.forEach((message, index) => {
    if (message.role === 'assistant') {
      message.tool_calls.forEach(({ id }, at) => {
        const place = index === last ? `messages[${index}].tool_calls[${at}].id` : ''
        const calls = open.get(id)
        if (calls === undefined) open.set(id, { places: [place], answered: 0 })
        else calls.places.push(place)
      })
    } else if (message.role === 'tool') {
      const calls = open.get(message.tool_call_id)
      if (calls !== undefined && calls.answered < calls.places.length) calls.answered += 1
      else if (index >= last) {
        const why = `No tool call found for function call output with call_id ${shorten(message.tool_call_id)}.`
        throw new BridgeError('invalid_value', why, { param: places.own(`messages[${index}].tool_call_id`) })
      }
    }
  })
  for (const [id, { places: made, answered }] of open) {
    const chat = made.slice(answered).find((place) => place !== '')
    if (chat === undefined) continue
    const place = places.own(chat)
    const param = place === 'previous_response_id' ? 'input' : place
    throw new BridgeError('invalid_value', `No tool output found for function call ${shorten(id)}.`, { param })
  }
}

function shorten(id: string): string {
  return id.length > 80 ? `${id.slice(0, 80)}…` : id
}
