/** What providers make of the format, piece by piece. */
import t from 'tap'
import { AnswerReader } from '../../src/upstreams/answer-reader.js'
import { BodyParser } from '../../src/upstreams/body-parser.js'
import { CallPieces } from '../../src/upstreams/call-pieces.js'
import { failureOfStatus } from '../../src/upstreams/failure.js'
import { rateLimits } from '../../src/upstreams/rate-limits.js'
import { costOf, usageOf } from '../../src/upstreams/usage.js'

const call = (index: number | undefined, id: string | undefined, name: string | undefined, args: unknown) => ({
  index,
  id,
  function: { name, arguments: args },
})

/** The calls that a client makes of the events. */
function fold(pieces: object[]): { id: string; name: string; arguments: string }[] {
  const reader = new CallPieces(0)
  const calls: { id: string; name: string; arguments: string }[] = []
  for (const event of pieces.flatMap((piece) => reader.add(piece))) {
    if (event.id !== undefined) calls[event.index] = { id: event.id, name: event.name!, arguments: '' }
    calls[event.index]!.arguments += event.arguments
  }
  return calls
}

await t.test('tool calls', (t) => {
  const two = [
    { id: 'a', name: 'f', arguments: '{"x":1}' },
    { id: 'b', name: 'g', arguments: '{}' },
  ]
  const cases: Record<string, object[]> = {
    'as OpenAI sends them': [
      call(0, 'a', 'f', ''),
      call(0, undefined, undefined, '{"x"'),
      call(1, 'b', 'g', '{}'),
      call(0, undefined, undefined, ':1}'),
    ],
    'id and name repeated': [call(0, 'a', 'f', '{"x"'), call(0, 'a', 'f', ':1}'), call(1, 'b', 'g', '{}')],
    'one index for all': [call(0, 'a', 'f', '{"x":1}'), call(0, 'b', 'g', '{}')],
    'no index': [call(undefined, 'a', 'f', '{"x"'), call(undefined, undefined, undefined, ':1}'), call(undefined, 'b', 'g', '{}')],
    'arguments as objects': [call(0, 'a', 'f', { x: 1 }), call(1, 'b', 'g', {})],
    'the name after the arguments': [call(0, 'a', undefined, '{"x"'), call(0, undefined, 'f', ':1}'), call(1, 'b', 'g', '{}')],
    'indices with gaps': [call(4, 'a', 'f', '{"x":1}'), call(9, 'b', 'g', '{}')],
  }
  for (const [name, pieces] of Object.entries(cases)) t.strictSame(fold(pieces), two, name)
  const [one] = fold([call(0, undefined, 'f', '{}')])
  t.match(one, { id: /^call_[0-9a-f]{24}$/, name: 'f', arguments: '{}' }, 'an id is made where there is none')
  t.end()
})

await t.test('usage', (t) => {
  t.strictSame(usageOf({ prompt_tokens: 10, completion_tokens: 2, prompt_cache_hit_tokens: 4 }), {
    inputTokens: 6,
    cacheReadTokens: 4,
    cacheWriteTokens: 0,
    outputTokens: 2,
    reasoningTokens: null,
  })
  for (const none of [null, undefined, {}, [], 'x', { prompt_tokens: '10' }, { prompt_tokens: -1 }, { prompt_tokens: Number.NaN }]) {
    t.equal(usageOf(none), null)
  }
  t.hasStrict(usageOf({ prompt_tokens: 1, prompt_tokens_details: { cached_tokens: 5 } }), { inputTokens: 0 })
  t.equal(costOf({ cost: 0.02 }), 0.02)
  t.equal(costOf({ cost: 'free' }), null)
  t.end()
})

await t.test('ends', (t) => {
  const ends: [string | null, object, string][] = [
    ['stop', { content: 'x' }, 'stop'],
    ['end_turn', { content: 'x' }, 'stop'],
    ['MAX_TOKENS', { content: 'x' }, 'length'],
    ['content_filter', {}, 'refusal'],
    ['tool_calls', { content: 'none was made' }, 'stop'],
    ['stop', { tool_calls: [call(0, 'a', 'f', '{}')] }, 'tool_calls'],
    ['function_call', { function_call: { name: 'f', arguments: '{}' } }, 'tool_calls'],
    [null, { content: 'x' }, 'stop'],
  ]
  for (const [reason, delta, expected] of ends) {
    const reader = new AnswerReader('acme', 0)
    reader.add({ choices: [{ delta, finish_reason: reason }] })
    t.equal(reader.end(true).outcome.reason, expected, `${reason} ${JSON.stringify(delta)}`)
  }
  const mistral = new AnswerReader('acme', 2)
  const parts = [
    { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
    { type: 'text', text: 'so' },
  ]
  t.strictSame(mistral.add({ choices: [{ delta: { content: parts } }] }), [
    { type: 'reasoning', choice: 2, text: 'hm' },
    { type: 'text', choice: 2, text: 'so' },
  ])
  t.end()
})

await t.test('bytes, cut anywhere', (t) => {
  const bytes = Buffer.from('\uFEFF: hi\r\n\r\nevent: x\r\ndata: {"a":\r\ndata: "é🙂"}\r\n\r\nid: 3\ndata: [DONE]\n\n')
  for (let cut = 0; cut <= bytes.length; cut++) {
    const parser = new BodyParser('acme')
    const pieces = [...parser.feed(bytes.subarray(0, cut)), ...parser.feed(bytes.subarray(cut)), ...parser.end()]
    t.strictSame(pieces, [{ value: { a: 'é🙂' } }, 'done'], `at ${cut}`)
  }
  t.end()
})

await t.test('words of an error, and headers', (t) => {
  const messages: [string, RegExp][] = [
    ['{"error": "plain"}', /^acme: plain$/],
    ['{"detail": "of FastAPI"}', /^acme: of FastAPI$/],
    ['{"message": "at the top"}', /^acme: at the top$/],
    ['{"error": {"message": 5}}', /^acme: \{"error":\{"message":5\}\}$/],
    ['[]', /^acme failed/],
    ['null', /^acme failed/],
    ['', /^acme failed/],
  ]
  for (const [body, expected] of messages) t.match(failureOfStatus('acme', 400, body, {}).message, expected, body)
  const evil = '{"error": {"code": "__proto__", "type": "constructor", "param": "a\\r\\nb"}}'
  t.strictSame(failureOfStatus('acme', 429, evil, { 'retry-after': 'x', 'retry-after-ms': '1500' }), {
    code: 'rate_limit_exceeded',
    message: `acme: ${JSON.stringify(JSON.parse(evil))}`,
    retryAfter: 2,
  })
  t.equal(failureOfStatus('acme', 429, '', { 'retry-after': 'soon' }).retryAfter, undefined)
  t.equal(failureOfStatus('acme', 429, '', { 'retry-after': '1e9999' }).retryAfter, undefined)
  t.strictSame(rateLimits({ 'x-ratelimit-a': '1', 'x-ratelimit-b': 'ü', 'set-cookie': ['x'], 'x-ratelimit-': '2' }), {
    'x-ratelimit-a': '1',
  })
  t.equal(rateLimits({}), null)
  t.end()
})
