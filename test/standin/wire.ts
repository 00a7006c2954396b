/** The Messages API's two answer formats: the events of a stream, in order, and the message in one piece. Pure. */
import type { ComposedMessage } from './compose.js'

export interface StreamEvent {
  type: string
  [field: string]: unknown
}

export const ping: StreamEvent = { type: 'ping' }

/** All events of a message; the API sends its first ping after the first `content_block_start`. */
export function* streamEvents(message: ComposedMessage): Generator<StreamEvent> {
  const { output_tokens_details: details, service_tier: tier, ...counts } = message.usage
  const atStart = { ...counts, output_tokens: Math.min(1, counts.output_tokens), service_tier: tier }
  yield { type: 'message_start', message: { ...head(message), content: [], ...unstopped, usage: atStart } }
  for (const [index, block] of message.blocks.entries()) {
    yield { type: 'content_block_start', index, content_block: block.start }
    if (index === 0) yield ping
    for (const delta of block.deltas) yield { type: 'content_block_delta', index, delta }
    yield { type: 'content_block_stop', index }
  }
  const atEnd = { ...counts, ...(details === undefined ? {} : { output_tokens_details: details }) }
  // the API gives the split by lifetime at the start only
  delete atEnd.cache_creation
  yield { type: 'message_delta', delta: message.stop, usage: atEnd }
  yield { type: 'message_stop' }
}

/** The response body where the request did not ask for a stream. */
export function wholeMessage(message: ComposedMessage): Record<string, unknown> {
  return {
    ...head(message),
    content: message.blocks.map((block) => block.whole),
    ...message.stop,
    usage: message.usage,
  }
}

export function encodeEvent(event: StreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

const unstopped = { stop_reason: null, stop_sequence: null }

function head(message: ComposedMessage): Record<string, unknown> {
  return { id: message.id, type: 'message', role: 'assistant', model: message.model }
}
