/** The words of an error are found in any shape of JSON, and in plain text. */
import t from 'tap'
import { failureOfStatus } from '../../src/upstreams/failure.js'
import { AnswerReader } from '../../src/upstreams/answer-reader.js'
import type { BridgeError } from '../../src/errors/catalogue.js'

await t.test('shapes', (t) => {
  const shapes: [unknown, string][] = [
    [{ error: { message: 'of OpenAI' } }, 'of OpenAI'],
    [{ error: 'of Ollama' }, 'of Ollama'],
    [{ message: 'at the top' }, 'at the top'],
    [{ detail: 'of FastAPI' }, 'of FastAPI'],
    [
      {
        detail: [
          { loc: ['body', 'stop', 0], msg: 'too many', type: 'x' },
          { loc: ['body', 'seed'], msg: 'not a number' },
        ],
      },
      'body.stop.0: too many; body.seed: not a number',
    ],
    [{ detail: { error: { message: 'nested' } } }, 'nested'],
    [{ errors: [{ code: 7000, message: 'of Cloudflare' }], success: false }, 'of Cloudflare'],
    [{ errors: ['one', 'two', 'one'] }, 'one; two'],
    [[{ error: { code: 400, message: 'of Google', status: 'INVALID_ARGUMENT' } }], 'of Google'],
    [['bare', 'list'], 'bare; list'],
    [{ error_description: 'of OAuth', error: { code: 5 } }, 'of OAuth'],
    [{ Message: 'of AWS', __type: 'ValidationException' }, 'of AWS'],
    [{ title: 'Bad Request', status: 400 }, 'Bad Request'],
    [
      { error: { message: 'Provider returned error', metadata: { raw: '{"error":{"message":"the real one"}}' } } },
      'Provider returned error: the real one',
    ],
    [{ error: { message: 'Provider returned error', metadata: { raw: 'in plain text' } } }, 'Provider returned error: in plain text'],
    [{ error: { message: 5, kind: 'odd' } }, '{"error":{"message":5,"kind":"odd"}}'],
    [{ fehler: 'in German' }, '{"fehler":"in German"}'],
    ['a JSON text', 'a JSON text'],
  ]
  for (const [body, said] of shapes) t.equal(failureOfStatus('acme', 400, JSON.stringify(body), {}).message, `acme: ${said}`, said)
  t.equal(failureOfStatus('acme', 503, 'upstream connect error\r\n', {}).message, 'acme: upstream connect error')
  for (const none of [
    '',
    '  \n',
    '{}',
    '[]',
    'null',
    '<html><body>502</body></html>',
    '""',
    '{"error":{"message":" "}}',
    '{"error":""}',
    '{"detail":[""],"error":null}',
  ]) {
    t.equal(failureOfStatus('acme', 502, none, {}).message, 'acme failed (status 502).', none)
  }
  const deep = '['.repeat(5000) + ']'.repeat(5000)
  t.ok(failureOfStatus('acme', 400, deep, {}).message.length < 3000)
  t.ok(failureOfStatus('acme', 400, JSON.stringify({ error: 'x'.repeat(60_000) }), {}).message.length < 3000)
  t.end()
})

await t.test('codes are found in lists too', (t) => {
  t.equal(failureOfStatus('acme', 400, '[{"error":{"code":"context_length_exceeded","message":"x"}}]', {}).code, 'context_length_exceeded')
  t.equal(failureOfStatus('acme', 429, '{"errors":[{"type":"insufficient_quota"}]}', {}).code, 'insufficient_quota')
  t.end()
})

await t.test('an error in an answer with status 200', (t) => {
  const shapes: [unknown, string][] = [
    [{ object: 'error', message: 'of vLLM', code: 400 }, 'upstream_invalid_request'],
    [{ errors: [{ message: 'listed', code: 503 }] }, 'server_is_overloaded'],
    [{ error: [{ msg: 'a list' }] }, 'upstream_error'],
  ]
  for (const [chunk, code] of shapes) {
    try {
      new AnswerReader('acme', 0).add(chunk)
      t.fail(code)
    } catch (error) {
      t.match((error as BridgeError).failure, { code, message: /^acme: (of vLLM|listed|a list)$/ })
    }
  }
  t.end()
})
