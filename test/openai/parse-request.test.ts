/** A body -> what the bridge has to do. */
import { forcible } from '../helper.js'
import t from 'tap'
import { parse, parseWith, refusal } from './parse.js'

await t.test('the least', async (t) => {
  t.same(parse({ model: 'haiku', question: 'q' }), {
    run: {
      kind: 'claude',
      model: 'haiku',
      system: [],
      turns: [{ role: 'user', content: [{ type: 'text', text: 'q' }] }],
    },
    remoteImages: [],
    pending: [],
    model: 'haiku',
    delivery: 'block',
    background: false,
    includeUsage: false,
    n: 1,
    metadata: {},
    store: false,
    ignored: [],
  })
})

await t.test('fields that go through', async (t) => {
  const cases: [object, object][] = [
    [{ stop: 'a' }, { run: { stop: ['a'] } }],
    [{ stop: ['a', '\n'] }, { run: { stop: ['a', '\n'] } }],
    [{ max_tokens: 5 }, { run: { maxTokens: 5 } }],
    [{ max_completion_tokens: 6 }, { run: { maxTokens: 6 } }],
    [{ max_completion_tokens: 6, max_tokens: 5 }, { run: { maxTokens: 6 } }],
    [{ max_completion_tokens: null, max_tokens: 5 }, { run: { maxTokens: 5 } }],
    [{ n: 3 }, { n: 3 }],
    [
      { metadata: { a: 'b' }, store: true, timeout: 1.5 },
      { metadata: { a: 'b' }, store: true, timeoutS: 1.5 },
    ],
    [{ user: 'u' }, { user: 'u' }],
    [{ safety_identifier: 's' }, { user: 's' }],
    [{ user: 'u', safety_identifier: 's' }, { user: 'u' }],
    ...(['none', 'low', 'medium', 'high', 'max'] as const).map((effort): [object, object] => [
      { model: forcible, reasoning_effort: effort },
      { run: { effort } },
    ]),
    [{ model: 'claude-opus-5-5', reasoning_effort: 'xhigh' }, { run: { effort: 'xhigh' } }],
    [{ reasoning_effort: 'minimal' }, { run: { effort: 'low' } }],
  ]
  for (const [members, expected] of cases) t.match(parseWith(members), expected, JSON.stringify(members))
})

await t.test('what is not asked for is not there', async (t) => {
  const parsed = parseWith({ stop: null, max_tokens: null, reasoning_effort: null, user: null, timeout: null })
  t.same(Object.keys(parsed.run), ['kind', 'model', 'system', 'turns'])
  t.notOk('user' in parsed || 'timeoutS' in parsed)
})

await t.test('the three ways to take the result', async (t) => {
  const cases: [object, string, boolean][] = [
    [{}, 'block', false],
    [{ stream: false }, 'block', false],
    [{ stream: true }, 'stream', false],
    [{ background: true }, 'poll', true],
    [{ wait_for_completion: false }, 'poll', true],
    [{ wait_for_completion: true }, 'block', false],
    [{ background: false }, 'block', false],
    [{ background: false, wait_for_completion: true }, 'block', false],
    [{ background: true, wait_for_completion: false }, 'poll', true],
    [{ background: true, wait_for_completion: true }, 'block', true],
    [{ stream: true, background: true }, 'stream', true],
    [{ stream: true, wait_for_completion: false }, 'stream', true],
  ]
  for (const [members, delivery, background] of cases) {
    t.match(parseWith(members), { delivery, background }, JSON.stringify(members))
  }
  const failure = refusal(() => parseWith({ background: false, wait_for_completion: false }))
  t.match(failure, { code: 'invalid_value', param: 'wait_for_completion' })
})

await t.test('stream_options', async (t) => {
  t.equal(parseWith({ stream: true, stream_options: { include_usage: true } }).includeUsage, true)
  t.equal(parseWith({ stream: true, stream_options: {} }).includeUsage, false)
  t.equal(parseWith({ stream_options: null }).includeUsage, false)
  for (const members of [{}, { stream: false }, { stream: null }]) {
    const failure = refusal(() => parseWith({ ...members, stream_options: { include_usage: true } }))
    t.match(failure, { code: 'invalid_value', param: 'stream_options' })
  }
})

await t.test('the run survives JSON, as it is stored', async (t) => {
  const { run } = parseWith({ stop: 'x', max_tokens: 1, reasoning_effort: 'none' })
  t.same(JSON.parse(JSON.stringify(run)), run)
})
