import t from 'tap'
import type { Finish, JobEvent, Usage } from '../../src/jobs/events.js'
import type { Outcome } from '../../src/jobs/executor.js'
import type { ErrorCode } from '../../src/errors/catalogue.js'
import type { Ending } from '../../src/claude/turn/ending.js'
import { TurnReader } from '../../src/claude/turn/turn.js'
import type { CliMessage } from '../../src/claude/protocol/messages.js'

const model = 'claude-test'

interface Read {
  text: string
  reasoning: string
  usage: Extract<JobEvent, { type: 'usage' }>[]
  phases: string[]
  outcome: Outcome | null
  kill: boolean | null
  /** messages taken until the ending */
  taken: number
}

function read(messages: readonly object[], stop: readonly string[] = []): Read {
  const events: JobEvent[] = []
  const reader = new TurnReader({ choice: 3, model, stop, emit: (event) => void events.push(event) })
  let ending: Ending | null = null
  let taken = 0
  for (const message of messages) {
    const next = reader.read(message as CliMessage)
    if (ending === null) taken++
    else if (next !== ending) throw new Error('a second ending')
    ending = next
  }
  const of = <T extends JobEvent['type']>(type: T) => events.filter((event): event is Extract<JobEvent, { type: T }> => event.type === type)
  if ([...of('text'), ...of('reasoning'), ...of('usage')].some((event) => event.choice !== 3)) throw new Error('another choice')
  return {
    text: of('text')
      .map((event) => event.text)
      .join(''),
    reasoning: of('reasoning')
      .map((event) => event.text)
      .join(''),
    usage: of('usage'),
    phases: of('status').map((event) => event.reason ?? ''),
    outcome: ending?.outcome ?? null,
    kill: ending?.kill ?? null,
    taken,
  }
}

const streamed = (event: object) => ({ type: 'stream_event', event, parent_tool_use_id: null, session_id: 's1' })
const usageIn = { input_tokens: 10, cache_read_input_tokens: 20, cache_creation_input_tokens: 30, output_tokens: 1 }
const start = (id = 'msg_1', usage: object = usageIn) =>
  streamed({ type: 'message_start', message: { id, model: 'claude-answers', usage } })
const delta = (words: string) => streamed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: words } })
const thought = (words: string) => streamed({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: words } })
const end = (reason: string | null, output_tokens = 5) =>
  streamed({ type: 'message_delta', delta: { stop_reason: reason }, usage: { output_tokens } })
const stopped = streamed({ type: 'message_stop' })
const whole = (words: string, id = 'msg_1') => ({
  type: 'assistant',
  message: { id, model: 'claude-answers', content: [{ type: 'text', text: words }] },
  parent_tool_use_id: null,
  session_id: 's1',
})
const result = (more: object = {}) => ({
  type: 'result',
  subtype: 'success',
  is_error: false,
  stop_reason: 'end_turn',
  result: 'the text once more',
  usage: { ...usageIn, output_tokens: 7 },
  total_cost_usd: 0.5,
  session_id: 's1',
  ...more,
})
const synthetic = (error: string | undefined, words: string, more: object = {}) => ({
  type: 'assistant',
  ...(error === undefined ? {} : { error }),
  message: { id: 'x', model: '<synthetic>', content: [{ type: 'text', text: words }] },
  parent_tool_use_id: null,
  ...more,
})
const failedResult = (more: object = {}) =>
  result({
    is_error: true,
    stop_reason: null,
    usage: { input_tokens: 0, output_tokens: 0 },
    total_cost_usd: 0,
    ...more,
  })
const retry = (status: number | null, error: string | undefined, delay = 500) => ({
  type: 'system',
  subtype: 'api_retry',
  attempt: 1,
  max_retries: 2,
  retry_delay_ms: delay,
  error_status: status,
  error,
})
const noise = [
  { type: 'system', subtype: 'init', session_id: 's1', apiKeySource: 'none' },
  { type: 'system', subtype: 'status', status: 'requesting' },
  { type: 'system', subtype: 'hook_started' },
  { type: 'system', subtype: 'compact_boundary' },
  { type: 'never_heard_of', anything: [1] },
  streamed({ type: 'ping' }),
  streamed({ type: 'never_heard_of' }),
  streamed({ type: 'content_block_start', index: 0, content_block: { type: 'server_tool_use', id: 'a', name: 'b' } }),
  streamed({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{' } }),
  streamed({ type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'AAAA' } }),
  streamed({ type: 'content_block_delta', index: 0, delta: { type: 'citations_delta', citation: {} } }),
  streamed({ type: 'content_block_start', index: 1, content_block: { type: 'redacted_thinking', data: 'AAAA' } }),
  streamed({ type: 'content_block_stop', index: 0 }),
  { type: 'user', message: { role: 'user', content: [{ type: 'text', text: 'no answer' }] } },
  { type: 'tool_progress', heartbeat: true },
]
/** What no CLI should write, and what must not hurt all the same. */
const rubbish = [
  { type: 'stream_event' },
  { type: 'stream_event', event: null },
  { type: 'stream_event', event: {} },
  { type: 'stream_event', event: { type: 'message_delta' } },
  { type: 'stream_event', event: { type: 'content_block_delta' } },
  { type: 'stream_event', event: { type: 'content_block_delta', delta: { type: 'text_delta' } } },
  { type: 'assistant' },
  { type: 'assistant', message: null },
  { type: 'assistant', message: { content: 'words' } },
  { type: 'assistant', message: { content: [null, 1, {}] } },
  { type: 'system' },
  { type: 'rate_limit_event' },
  { type: 7 },
]

const finished = (reason: Finish) => ({ kind: 'finished', reason })
const failed = (code: ErrorCode) => ({ kind: 'failed', failure: { code } })

await t.test('an answer', async (t) => {
  const lines = [start(), thought('hm '), thought('hm'), delta('Hel'), delta('lo'), whole('Hello'), end('end_turn'), stopped]
  const got = read([...lines, result()])
  t.match(got, { text: 'Hello', reasoning: 'hm hm', outcome: finished('stop'), kill: false, taken: lines.length + 1 })
  t.strictSame(got.usage, [
    {
      type: 'usage',
      choice: 3,
      usage: { inputTokens: 10, cacheReadTokens: 20, cacheWriteTokens: 30, outputTokens: 7, reasoningTokens: null },
      costUsd: 0.5,
      model: 'claude-answers',
      sessionId: 's1',
    },
  ])
  const among = lines.flatMap((line) => [...noise, ...rubbish, line])
  t.match(read([...among, ...noise, ...rubbish, result()]), {
    text: 'Hello',
    reasoning: 'hm hm',
    outcome: finished('stop'),
  })
  t.match(read([...among, ...noise]), { outcome: null, text: 'Hello' }, 'not over before its result')
})

await t.test('every text is passed on once', async (t) => {
  const twoBlocks = [start(), delta('one '), whole('one '), delta('two'), whole('two'), end('end_turn'), stopped]
  t.equal(read([...twoBlocks, result()]).text, 'one two', 'the complete blocks repeat it')
  t.match(read([whole('not streamed'), result()]), { text: 'not streamed', outcome: finished('stop') })
  const nameless = { type: 'assistant', message: { content: [{ type: 'text', text: 'Hello' }] } }
  t.equal(read([nameless, result()]).text, 'Hello', 'without an id')
  const later = [start('a'), delta('one '), whole('one ', 'a'), end('tool_use'), stopped]
  t.equal(read([...later, start('b'), delta('two'), whole('two', 'b'), end('end_turn'), stopped, result()]).text, 'one two')
  const sub = [start('sub'), delta('SUB'), whole('SUB', 'sub'), end('max_tokens'), result({ is_error: true })]
  const inside = sub.map((line) => ({ ...line, parent_tool_use_id: 'toolu_1' }))
  t.match(read([start(), ...inside, delta('Hello'), ...inside, end('end_turn'), result()]), {
    text: 'Hello',
    outcome: finished('stop'),
  })
  t.match(read([start(), delta('half '), whole('half whole', 'other'), end('end_turn'), result()]), {
    text: 'half ',
    outcome: failed('upstream_interrupted'),
    kill: true,
  })
})

await t.test('asked again', async (t) => {
  const answer = [start('b'), delta('Hello'), end('end_turn'), stopped, result()]
  t.match(read([retry(529, 'overloaded'), retry(null, undefined), ...answer]), {
    text: 'Hello',
    outcome: finished('stop'),
    phases: ['asked again: overloaded (529)', 'asked again: no answer'],
  })
  t.match(read([start('a'), retry(null, 'server_error'), ...answer]), { text: 'Hello', outcome: finished('stop') }, 'nothing was out')
  t.match(read([start('a'), ...answer]), { text: 'Hello', outcome: finished('stop') })
  const interrupted = { text: 'half', outcome: failed('upstream_interrupted'), kill: true, usage: [] }
  t.match(read([start('a'), delta('half'), retry(529, 'overloaded'), ...answer]), { ...interrupted, taken: 3 })
  t.match(read([start('a'), delta('half'), ...answer]), { ...interrupted, taken: 3 })
  t.match(read([start('a'), thought('half'), retry(500, 'server_error'), ...answer]), {
    text: '',
    outcome: failed('upstream_interrupted'),
  })
  t.match(read([start('a'), delta('half'), synthetic('server_error', 'API Error: x'), failedResult()]), {
    text: 'half',
    outcome: failed('upstream_interrupted'),
    kill: false,
  })
  t.match(read([start('a'), delta('half'), end('end_turn'), stopped, retry(529, 'overloaded')]), {
    outcome: failed('upstream_interrupted'),
  })
  const held = read([start('a'), delta('A'), retry(null, undefined), start('b'), delta('B C'), end('end_turn'), result()], ['AB'])
  t.match(held, { text: 'B C', outcome: finished('stop') }, 'what was held back of an abandoned answer is no part of the next')
})

await t.test('retries that are the client’s to decide', async (t) => {
  const table: [object, object | null][] = [
    [retry(401, 'authentication_failed'), null],
    [retry(403, 'authentication_failed'), failed('upstream_forbidden')],
    [retry(403, 'oauth_org_not_allowed'), failed('upstream_forbidden')],
    [retry(404, 'model_not_found'), failed('model_not_found')],
    [retry(404, undefined), failed('model_not_found')],
    [retry(429, 'rate_limit', 5000), { kind: 'failed', failure: { code: 'rate_limit_exceeded', retryAfter: 5 } }],
    [retry(429, 'rate_limit', 2000), null],
    [retry(429, 'rate_limit', 500), null],
    [retry(500, 'server_error', 5000), null],
    [retry(null, 'server_error', 5000), null],
  ]
  for (const [message, outcome] of table) {
    const got = read([message])
    if (outcome === null) t.equal(got.outcome, null, JSON.stringify(message))
    else t.match(got, { outcome, kill: true, usage: [] }, JSON.stringify(message))
  }
})

await t.test('the model’s own endings', async (t) => {
  const body = [start(), delta('Hello')]
  for (const reason of ['end_turn', 'stop_sequence', 'pause_turn', 'never_heard_of']) {
    t.match(read([...body, end(reason), stopped, result({ stop_reason: reason })]), { text: 'Hello', outcome: finished('stop') }, reason)
  }
  for (const reason of ['max_tokens', 'model_context_window_exceeded']) {
    const got = read([...body, end(reason, 9), stopped, start('b'), delta('more'), result()])
    t.match(got, { outcome: finished('length'), kill: true, taken: 3 }, reason)
    t.equal(got.text, 'Hello', 'nothing after the ending is read')
    t.match(got.usage, [{ usage: { inputTokens: 10, outputTokens: 9 }, costUsd: null, model: 'claude-answers' }])
    t.equal(got.usage.length, 1)
  }
  t.match(read([...body, synthetic('max_output_tokens', 'API Error: too long'), failedResult()]), {
    text: 'Hello',
    outcome: finished('length'),
  })
  t.match(read([...body, end('refusal'), stopped, synthetic('unknown', 'API Error: policy'), failedResult({ stop_reason: 'refusal' })]), {
    text: 'Hello',
    outcome: { kind: 'finished', reason: 'refusal', refusal: /declined/ },
  })
  t.match(read([start(), thought('hm'), end('end_turn'), stopped, result({ result: '' })]), {
    text: '',
    reasoning: 'hm',
    outcome: finished('stop'),
  })
  t.match(read([...body, result({ stop_reason: null })]), { outcome: failed('upstream_interrupted') }, 'broken off, called a success')
  t.match(read([start(), result({ stop_reason: null })]), { outcome: failed('upstream_unreachable') })
  t.match(read([...body, end('end_turn'), stopped, result({ stop_reason: null })]), { outcome: finished('stop') })
  t.match(read([result({ stop_reason: null, result: '' })]), { outcome: finished('stop') })
  t.match(
    read([...body, result({ is_error: undefined, stop_reason: undefined })]),
    { outcome: failed('upstream_interrupted') },
    'neither field',
  )
  t.match(read([start(), end(null), delta('Hello'), result({ stop_reason: null })]), {
    outcome: failed('upstream_interrupted'),
  })
})

await t.test('errors are no text', async (t) => {
  const table: [object[], ErrorCode, RegExp?][] = [
    [[synthetic('rate_limit', 'API Error: slow down'), failedResult({ api_error_status: 429 })], 'rate_limit_exceeded', /^slow down$/],
    [[synthetic('authentication_failed', 'Not logged in'), failedResult({ api_error_status: null })], 'claude_not_authenticated'],
    [
      [synthetic('invalid_request', 'x', { api_error_status: 400 }), failedResult({ terminal_reason: 'prompt_too_long' })],
      'context_length_exceeded',
    ],
    [
      [synthetic(undefined, 'words of the CLI'), failedResult({ api_error_status: 500, result: 'API Error: broken' })],
      'upstream_error',
      /^broken$/,
    ],
    [[failedResult({ subtype: 'error_during_execution', errors: ['one', 'two'], result: undefined })], 'upstream_unreachable', /one; two/],
    [[failedResult({ subtype: 'error_max_turns', result: undefined })], 'upstream_unreachable'],
    [[failedResult({ api_error_status: 529, result: '' })], 'server_is_overloaded'],
    [
      [
        { type: 'assistant', error: 'server_error', message: { model: '<synthetic>', content: 'odd' } },
        failedResult({ api_error_status: 500 }),
      ],
      'upstream_error',
    ],
  ]
  for (const [lines, code, message] of table) {
    const got = read(lines)
    t.match(got, { text: '', outcome: failed(code), kill: false, usage: [] }, JSON.stringify(lines[0]))
    if (message !== undefined) t.match(got.outcome, { failure: { message } })
  }
  const limit = (status: string, resetsAt?: number) => ({
    type: 'rate_limit_event',
    rate_limit_info: { status, resetsAt },
  })
  const limited = [synthetic('rate_limit', "You've hit your limit"), failedResult({ api_error_status: 429 })]
  const future = Math.floor(Date.now() / 1000) + 3600
  t.match(read([limit('rejected', future), ...limited]).outcome, {
    failure: { code: 'insufficient_quota', retryAfter: Number },
  })
  for (const event of [limit('allowed', future), limit('allowed_warning', future), limit('rejected')]) {
    t.match(read([event, ...limited]).outcome, failed('rate_limit_exceeded'), JSON.stringify(event))
  }
})

await t.test('stop sequences', async (t) => {
  const answer = (...parts: string[]) => [start(), ...parts.map(delta), end('end_turn', 8), stopped, result()]
  t.match(read(answer('one E', 'N', 'D two'), ['END']), {
    text: 'one ',
    outcome: finished('stop'),
    kill: true,
    taken: 4,
  })
  t.match(read(answer('one E', 'N'), ['END']), { text: 'one EN', outcome: finished('stop'), kill: false }, 'the rest comes in the end')
  t.match(read(answer('one E', 'N', 'more'), ['END']), { text: 'one ENmore' })
  t.match(read([start(), delta('one E'), end('max_tokens')], ['END']), { text: 'one E', outcome: finished('length') })
  t.match(read([whole('one END two'), result()], ['END']), { text: 'one ', outcome: finished('stop') })
  t.match(read([start(), thought('END'), delta('a'), end('end_turn'), result()], ['END']), {
    text: 'a',
    reasoning: 'END',
  })
  const cut = read(answer('a END'), ['END'])
  t.match(cut.usage, [{ usage: { inputTokens: 10, outputTokens: 1 }, costUsd: null }], 'what is known when it is cut')
})

await t.test('usage', async (t) => {
  const call = (id: string, tokens: number, thinkingTokens?: number) => {
    const details = thinkingTokens === undefined ? {} : { output_tokens_details: { thinking_tokens: thinkingTokens } }
    const usage = { output_tokens: tokens, ...details }
    return [
      start(id),
      streamed({ type: 'message_delta', delta: {}, usage: { output_tokens: tokens - 1 } }),
      streamed({ type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage }),
    ]
  }
  const zeros = { input_tokens: 0, output_tokens: 0 }
  const table: [object[], Usage][] = [
    [
      [...call('a', 5), ...call('b', 7), result({ usage: zeros })],
      { inputTokens: 20, cacheReadTokens: 40, cacheWriteTokens: 60, outputTokens: 12, reasoningTokens: null },
    ],
    [
      [...call('a', 5, 2), ...call('b', 7, 3), result({ usage: undefined })],
      { inputTokens: 20, cacheReadTokens: 40, cacheWriteTokens: 60, outputTokens: 12, reasoningTokens: 5 },
    ],
    [
      [start('a'), ...call('b', 7), result({ usage: zeros })],
      { inputTokens: 20, cacheReadTokens: 40, cacheWriteTokens: 60, outputTokens: 8, reasoningTokens: null },
    ],
    [
      [...call('a', 5), result({ usage: { output_tokens: 4, output_tokens_details: { thinking_tokens: 1 } } })],
      { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 4, reasoningTokens: 1 },
    ],
    [
      [start('a', {}), result({ usage: undefined })],
      { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: null },
    ],
  ]
  for (const [index, [lines, expected]] of table.entries()) {
    const { usage } = read(lines)
    t.strictSame(
      usage.map((event) => event.usage),
      [expected],
      `row ${index}`,
    )
  }
})
