/** Upstreams that end a run, and how it ends. */
import type { ErrorCode } from '../../src/errors/catalogue.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'
import * as standins from '../standin/index.js'
import type { Answer } from '../standin/index.js'

const { cutAfter, html, httpError, message, rateLimited, text, thinking } = standins

export interface Case {
  name: string
  script: Answer[]
  expected: object
  text?: string
  reasoning?: string
  /** model calls upstream */
  calls: number | readonly [number, number]
  request?: Partial<ClaudeRequest>
}

/** How a run fails. */
export const failed = (code: ErrorCode, more: object = {}) => ({ kind: 'failed', failure: { code, ...more } })
const finished = (reason: string) => ({ kind: 'finished', reason })
/** For as long as the CLI asks. */
const always = (reply: Answer): Answer[] => Array.from({ length: 12 }, () => reply)

const usage = { input_tokens: 11, output_tokens: 22, cache_read_input_tokens: 33, cache_creation_input_tokens: 44 }

/** `version`: the CLI's. */
export function endingsOf(version: string | null): Case[] {
  // 2.1.197 takes a stream that broke off before its first word for an answer
  const asksAgain = version !== '2.1.197'
  return [
    {
      name: 'an answer',
      script: [message([thinking('hm hm'), text('one two')], { usage, model: 'claude-answers' })],
      expected: finished('stop'),
      text: 'one two',
      reasoning: 'hm hm',
      calls: 1,
    },
    // 2.1.329 takes a 400 for its beta headers' fault and leaves out one after the other
    {
      name: '400',
      script: always(httpError(400, { message: 'no good' })),
      expected: failed('upstream_invalid_request', { message: /no good/ }),
      calls: [1, 4],
    },
    {
      name: 'prompt too long',
      script: always(standins.promptTooLong()),
      expected: failed('context_length_exceeded', { param: 'messages' }),
      calls: [1, 2],
    },
    { name: 'no credit', script: always(standins.creditTooLow()), expected: failed('insufficient_quota'), calls: [1, 2] },
    {
      name: '401',
      script: always(httpError(401, { message: 'invalid x-api-key' })),
      expected: failed('upstream_auth', { message: /Invalid API key.*asked 3 times/ }),
      calls: 3,
    },
    { name: '403', script: always(httpError(403)), expected: failed('upstream_forbidden'), calls: 1 },
    {
      name: '404',
      script: always(httpError(404)),
      expected: failed('model_not_found', { param: 'model' }),
      calls: [1, 2],
    },
    { name: '413', script: always(httpError(413)), expected: failed('request_too_large'), calls: 1 },
    {
      name: '429, come back in 60',
      script: always(rateLimited(60)),
      expected: failed('rate_limit_exceeded', { retryAfter: 60 }),
      calls: 1,
    },
    {
      name: '429, come back in 61',
      script: always(rateLimited(61)),
      expected: failed('rate_limit_exceeded', { retryAfter: 61 }),
      calls: 1,
    },
    {
      name: '429, come back in 1',
      script: [rateLimited(1), message('one two')],
      expected: finished('stop'),
      text: 'one two',
      calls: 2,
    },
    {
      name: '429 without a time',
      script: always(rateLimited()),
      expected: failed('rate_limit_exceeded', { retryAfter: Number }),
      calls: 3,
    },
    { name: '500', script: always(httpError(500)), expected: failed('upstream_error'), calls: 3 },
    { name: '502 in HTML', script: always(html(502)), expected: failed('upstream_error'), calls: 3 },
    {
      name: '529',
      script: always(standins.overloaded()),
      expected: failed('server_is_overloaded', { retryAfter: Number }),
      calls: 3,
    },
    { name: '200 in HTML', script: always(html(200)), expected: failed('upstream_unreachable'), calls: [1, 3] },
    {
      name: 'reset before the headers',
      script: always(standins.resetBeforeHeaders()),
      expected: failed('upstream_unreachable'),
      calls: [1, 3],
    },
    ...(['eof', 'drop', 'reset', 'error-event'] as const).map(
      (form): Case => ({
        name: `cut by ${form} after two words`,
        script: always(cutAfter(2, form, 'one two three four')),
        expected: failed('upstream_interrupted'),
        text: 'one two',
        // after a clean end of the stream it has asked for the rest before it can be stopped
        calls: [1, 4],
      }),
    ),
    ...(['eof', 'error-event'] as const).map(
      (form): Case => ({
        name: `cut by ${form} before the first word`,
        script: always(cutAfter(0, form, 'one two three four')),
        expected: failed(form === 'error-event' && asksAgain ? 'server_is_overloaded' : 'upstream_unreachable'),
        calls: [1, 6],
      }),
    ),
    {
      name: 'cut once before the first word',
      script: [cutAfter(0, 'reset'), message('one two')],
      ...(asksAgain ? { expected: finished('stop'), text: 'one two', calls: 2 } : { expected: failed('upstream_unreachable'), calls: 1 }),
    },
    {
      name: 'cut in its thoughts',
      script: always(cutAfter(2, 'error-event', thinking('hm hm hm'))),
      expected: failed('upstream_interrupted'),
      reasoning: 'hm hm',
      calls: [1, 2],
    },
    {
      name: 'cut before its end',
      script: always(cutAfter('message_delta', 'eof', 'one two')),
      expected: failed('upstream_interrupted'),
      text: 'one two',
      calls: [1, 4],
    },
    {
      name: 'cut after its end',
      script: always(cutAfter('message_stop', 'eof', 'one two')),
      expected: { kind: /finished|failed/ },
      text: 'one two',
      calls: [1, 2],
    },
    // the CLI asks for more as soon as it has the last event, so the end of the stream is held back
    {
      name: 'max_tokens',
      script: always(cutAfter('message_stop', 'hang', 'one two', { stopReason: 'max_tokens' })),
      expected: finished('length'),
      text: 'one two',
      calls: 1,
    },
    {
      name: 'the context window',
      script: always(cutAfter('message_stop', 'hang', 'one two', { stopReason: 'model_context_window_exceeded' })),
      expected: finished('length'),
      text: 'one two',
      calls: 1,
    },
    {
      name: 'refusal',
      script: always(message('one two', { stopReason: 'refusal' })),
      expected: { kind: 'finished', reason: 'refusal', refusal: /declined/ },
      text: 'one two',
      calls: 1,
    },
    {
      name: 'refusal without a word',
      script: always(message([], { stopReason: 'refusal' })),
      expected: finished('refusal'),
      calls: 1,
    },
    { name: 'no words', script: [message([]), message('late')], expected: finished('stop'), text: 'late', calls: 2 },
    {
      name: 'thoughts only',
      script: always(message(thinking('hm hm'))),
      expected: finished('stop'),
      reasoning: 'hm hmhm hm',
      calls: 2,
    },
    {
      name: 'odd blocks, in odd pieces',
      script: [
        message(
          [
            standins.redactedThinking(),
            standins.serverToolUse('web_search', { query: 'x' }, 'srv1'),
            standins.raw({ type: 'web_search_tool_result', tool_use_id: 'srv1', content: [] }),
            text(['é漢', '🙂 ', '\u2028"\\']),
          ],
          { splitBytes: 1 },
        ),
      ],
      expected: finished('stop'),
      text: 'é漢🙂 \u2028"\\',
      calls: 1,
    },
    {
      name: 'a tool that is not there',
      script: [message([text('one '), standins.toolUse('Bash', { command: 'id' })]), message('two')],
      expected: finished('stop'),
      text: 'one two',
      calls: 2,
    },
    {
      name: 'a stop sequence that the API cannot take',
      script: [message(text(['one\n', '\ntwo']))],
      request: { stop: ['\n\n'] },
      expected: finished('stop'),
      text: 'one',
      calls: 1,
    },
    {
      name: 'one long piece',
      script: [message(text(['x'.repeat(2_000_000)]))],
      expected: finished('stop'),
      text: 'x'.repeat(2_000_000),
      calls: 1,
    },
  ]
}
