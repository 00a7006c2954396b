/** A finished job -> what a blocking request is answered. */
import t from 'tap'
import { hasResult, toCompletion } from '../../src/openai/out/completion.js'
import { toFinishReason } from '../../src/openai/out/finish-reason.js'
import { completionId, taskIdOf } from '../../src/openai/out/ids.js'
import { toUsage } from '../../src/openai/out/usage.js'
import { finish, jobOf, say, spent, think } from './jobs.js'

await t.test('an answer', async (t) => {
  t.same(toCompletion(jobOf([say('Hel'), say('lo'), spent(), finish()])), {
    id: 'chatcmpl-abcdefghijklmnopqrstuvwx',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'max/text-general',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello', refusal: null },
        finish_reason: 'stop',
        logprobs: null,
      },
    ],
    usage: {
      prompt_tokens: 123,
      completion_tokens: 7,
      total_tokens: 130,
      prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 100 },
    },
    bridge: {
      task_id: 'task_abcdefghijklmnopqrstuvwx',
      model: 'claude-sonnet-5-5',
      attempts: 1,
      ignored: ['seed'],
      cost_usd: 0.25,
      duration_ms: 2500,
      queue_ms: 100,
      session_id: 'session',
    },
  })
})

await t.test('messages', async (t) => {
  const more = { type: 'tool_call', choice: 0, index: 0 } as const
  const call = { ...more, id: 'c', name: 'f' }
  const cases: [string, Parameters<typeof jobOf>[0], object][] = [
    ['nothing at all', [finish()], { role: 'assistant', content: '', refusal: null }],
    ['reasoning', [think('hm'), say('a'), finish()], { role: 'assistant', content: 'a', refusal: null, reasoning_content: 'hm' }],
    ['refusal', [finish({ reason: 'refusal', refusal: 'I will not' })], { role: 'assistant', content: null, refusal: 'I will not' }],
    [
      'refusal after text',
      [say('well'), finish({ reason: 'refusal', refusal: 'no' })],
      { role: 'assistant', content: 'well', refusal: 'no' },
    ],
    ['a refusal without words', [finish({ reason: 'refusal', refusal: '' })], { role: 'assistant', content: '', refusal: null }],
    [
      'only calls',
      [{ ...call, arguments: '{"a"' }, { ...more, arguments: ':1}' }, finish()],
      {
        role: 'assistant',
        content: null,
        refusal: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
    ],
    [
      'a call without arguments, after text',
      [say('x'), { ...call, arguments: '' }, finish()],
      {
        role: 'assistant',
        content: 'x',
        refusal: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
    ],
  ]
  for (const [name, events, message] of cases) t.same(toCompletion(jobOf(events)).choices[0]!.message, message, name)
})

await t.test('several choices, metadata, no usage', async (t) => {
  const completion = toCompletion(
    jobOf([say('b', 1), say('a', 0), finish(), finish({ choice: 1, reason: 'length' })], { metadata: { k: 'v' } }),
  )
  t.match(completion.choices, [
    { index: 0, message: { content: 'a' }, finish_reason: 'stop' },
    { index: 1, message: { content: 'b' }, finish_reason: 'length' },
  ])
  t.same(completion.metadata, { k: 'v' })
  t.notOk('usage' in completion)
})

await t.test('finish reasons', async (t) => {
  t.same(
    (['stop', 'length', 'tool_calls', 'refusal'] as const).map((finish) => toFinishReason(finish)),
    ['stop', 'length', 'tool_calls', 'content_filter'],
  )
})

await t.test('usage: what clients subtract is a part of what they subtract it from', async (t) => {
  const input = { inputTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 4 }
  const usage = toUsage({ ...input, outputTokens: 8, reasoningTokens: 5 })
  t.match(usage, { prompt_tokens: 7, completion_tokens: 8, total_tokens: 15 })
  t.same(usage.completion_tokens_details, { reasoning_tokens: 5 })
})

await t.test('which jobs have a result', async (t) => {
  const events = [say('a'), finish()]
  for (const status of ['completed', 'incomplete'] as const) t.equal(hasResult(jobOf(events, { status })), true, status)
  for (const status of ['queued', 'in_progress', 'requires_action', 'failed', 'cancelled'] as const) {
    t.equal(hasResult(jobOf(events, { status })), false, status)
  }
  t.equal(hasResult(jobOf([], { answer: null })), false)
  t.throws(() => toCompletion(jobOf([], { answer: null })), TypeError)
})

await t.test('times', async (t) => {
  const bridge = (more: object) => toCompletion(jobOf([finish()], more)).bridge
  t.match(bridge({ startedAt: null }), { duration_ms: null, queue_ms: 2600 })
  t.match(bridge({ completedAt: 0 }), { duration_ms: 0 }, 'a clock that was set back')
})

await t.test('ids', async (t) => {
  t.equal(taskIdOf(completionId('task_x')), 'task_x')
  t.equal(taskIdOf('task_x'), null)
})
