import t from 'tap'
import { differing, mustBeSame, promptsIn, saidIn, toolsIn } from '../../../src/claude/check/bodies.js'
import type { Call } from '../../../src/claude/check/recorder.js'

const call = (raw: string): Call => ({ raw, body: JSON.parse(raw) as Record<string, unknown> })
const bodyOf = (folder: string, session: string, text: string, day = '2026-01-02') =>
  call(
    `{"model":"m","messages":[{"role":"user","content":"${text}"},{"role":"system","content":"at /tmp/job-${folder}/work on ${day}"}],` +
      `"metadata":{"user_id":"{\\"session\\":\\"${session}\\"}"},"max_tokens":1}`,
  )

await t.test('bodies are the same but for what is another with every process', (t) => {
  const one = bodyOf('a1B2c3', 's1', 'hi')
  mustBeSame(bodyOf('zzzzzz', 's2', 'hi', '2026-01-03'), one, 'x')
  t.throws(() => mustBeSame(bodyOf('a1B2c3', 's1', 'ho'), one, 'x'), /^x: not the body of a new process: messages \(.*ho.* instead of .*hi/)
  t.throws(() => mustBeSame(undefined, one, 'x'), /x: a model call is missing/)
  t.throws(() => mustBeSame(one, undefined, 'x'), /x: a model call is missing/)
  t.throws(() => mustBeSame(call('{"a":1,"b":2}'), call('{"b":2,"a":1}'), 'x'), /the order of members/, 'to the byte')
  t.throws(() => mustBeSame(call('{"a":1}'), call('{"a":1,"b":2}'), 'x'), /process: b \(nothing instead of 2\)/)
  t.throws(() => mustBeSame(call('{"id":"job-abc"}'), call('{"id":"job-abd"}'), 'x'), /id/, 'no name of a folder')
  t.end()
})

await t.test('what a body says', (t) => {
  const system = [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=1;' },
    { type: 'text', text: "You are a Claude agent, built on Anthropic's Claude Agent SDK.", cache_control: {} },
    { type: 'text', text: 'You are a Claude agent, they say.\nBe kind.' },
  ]
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>today</system-reminder>' },
        { type: 'text', text: 'hi', cache_control: {} },
      ],
    },
    { role: 'system', content: [] },
    { role: 'assistant', content: 'ho' },
  ]
  const body = call(JSON.stringify({ system, messages, tools: [{ name: 'a', input_schema: {} }] }))
  t.strictSame(promptsIn(body), ['You are a Claude agent, they say.\nBe kind.'])
  t.strictSame(saidIn(body), [
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    { role: 'assistant', content: [{ type: 'text', text: 'ho' }] },
  ])
  t.strictSame([...toolsIn(body).keys()], ['a'])
  t.strictSame([promptsIn(call('{}')), saidIn(call('{"messages":3}')), toolsIn(call('{}')).size], [[], [], 0])
  t.strictSame(differing({ a: [1], b: 1, d: 0 }, { a: [1], b: 2, c: 3, d: 0 }), ['b', 'c'])
  t.end()
})
