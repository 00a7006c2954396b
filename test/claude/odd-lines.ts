/** Lines that no CLI should print: garbage, and every message of the protocol with one member missing or of the wrong type. */

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

const garbage = [
  'null',
  'true',
  '0',
  '-1e999',
  '"text"',
  '[]',
  '[null]',
  '{}',
  '{"type":null}',
  '{"type":7}',
  '{"type":[]}',
  '{"type":{}}',
  '{"type":"nobody knows this"}',
  '{"__proto__":null,"type":"result"}',
  '{"half":',
  'not json at all',
  '\\u0000',
  '\u0000\u0001\ufffd',
  deep(20_000),
  `{"type":"control_request","request_id":"a","request":{"subtype":"mcp_message","message":{"id":${deep(20_000)},"method":"x"}}}`,
  `{"type":"control_request","request_id":${deep(20_000)},"request":{"subtype":"x"}}`,
  `{"type":"result","is_error":false,"structured_output":${deep(20_000)}}`,
  `{"type":"stream_event","event":{"type":"content_block_delta","delta":{"type":"text_delta","text":${deep(20_000)}}}}`,
  `{"type":"assistant","message":{"content":[{"type":"text","text":${deep(20_000)}}]}}`,
  '{"type":"control_response"}',
  '{"type":"control_cancel_request"}',
]

/** Messages as the CLI writes them. */
const whole: object[] = [
  {
    type: 'control_request',
    request_id: 'q1',
    request: {
      subtype: 'mcp_message',
      server_name: 'client',
      message: {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'f', arguments: {}, _meta: { 'claudecode/toolUseId': 'toolu_1' } },
      },
    },
  },
  { type: 'control_response', response: { subtype: 'error', request_id: '1', error: 'no' } },
  { type: 'control_response', response: { subtype: 'success', request_id: '9', response: { mcpServers: [] } } },
  stream({ type: 'message_start', message: { id: 'm0', model: 'stub', usage: { input_tokens: 1, output_tokens: 1 } } }),
  stream({ type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'toolu_1', name: 'Read' } }),
  stream({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'odd' } }),
  stream({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'odd' } }),
  stream({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{' } }),
  stream({
    type: 'message_delta',
    delta: { stop_reason: 'end_turn' },
    usage: { output_tokens: 1, output_tokens_details: { thinking_tokens: 1 } },
  }),
  { type: 'assistant', message: { id: 'm9', model: 'stub', content: [{ type: 'text', text: 'odd' }] } },
  { type: 'assistant', error: 'rate_limit', api_error_status: 429, message: { content: [{ type: 'text', text: 'odd' }] } },
  { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 'toolu_1', is_error: false }] } },
  { type: 'system', subtype: 'api_retry', retry_delay_ms: 1, error_status: 529, error: 'overloaded' },
  { type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt: 1_790_000_000 } },
  { type: 'result', subtype: 'success', is_error: false, stop_reason: 'end_turn', usage: { output_tokens: 1 }, total_cost_usd: 0.1 },
  { type: 'result', subtype: 'error', is_error: true, api_error_status: 500, result: 'no', errors: ['no'], terminal_reason: 'x' },
]

function stream(event: object): object {
  return { type: 'stream_event', session_id: 's', parent_tool_use_id: null, event }
}

const oddValues: unknown[] = [null, 1e308, 'odd', [], [null], {}, true]

/** `message` once for each of its members, at any depth: without it, or with something else in its place. */
function spoilt(message: object, turn: { n: number }): string[] {
  const lines: string[] = []
  for (const path of pathsOf(message)) {
    // one of the odd values for each member, all of them in turn
    for (const value of [undefined, oddValues[turn.n++ % oddValues.length]]) {
      const copy = structuredClone(message) as Record<string, unknown>
      let at = copy
      for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>
      if (value === undefined) delete at[path.at(-1)!]
      else at[path.at(-1)!] = value
      lines.push(JSON.stringify(copy))
    }
  }
  return lines
}

function pathsOf(value: unknown, before: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => [[...before, name], ...pathsOf(member, [...before, name])])
}

const turn = { n: 0 }

export const oddLines: readonly string[] = [...new Set([...garbage, ...whole.flatMap((message) => spoilt(message, turn))])]
