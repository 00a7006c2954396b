/** What the recorder answers, in the wire format of the Messages API. Pure. */

/** A text, or one call of a tool by the model's name for it. */
export type Answer = { text: string } | { tool: string; id: string; input: Record<string, unknown> }

/** The answer as the server-sent events of one stream. `model`: as the request names it. */
export function eventStream(answer: Answer, model: string): string {
  const message = { id: 'msg_check', type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null }
  const usage = { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }
  const { block, delta, stop } = parts(answer)
  return [
    { type: 'message_start', message: { ...message, usage } },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('')
}

function parts(answer: Answer): { block: object; delta: object; stop: string } {
  if ('text' in answer) return { block: { type: 'text', text: '' }, delta: { type: 'text_delta', text: answer.text }, stop: 'end_turn' }
  const { tool: name, id, input } = answer
  return {
    block: { type: 'tool_use', id, name, input: {} },
    delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) },
    stop: 'tool_use',
  }
}
