import t from 'tap'
import { addToAnswer, addUsage, emptyAnswer } from '../../src/jobs/answer.js'
import type { JobEvent, Usage } from '../../src/jobs/events.js'

function fold(...events: JobEvent[]) {
  const answer = emptyAnswer()
  for (const event of events) addToAnswer(answer, event)
  return answer
}

const usage = (outputTokens: number, reasoningTokens: number | null = null): Usage => ({
  inputTokens: 1,
  cacheReadTokens: 10,
  cacheWriteTokens: 100,
  outputTokens,
  reasoningTokens,
})

const spent = (outputTokens: number, costUsd: number | null, model: string | null, choice = 0): JobEvent => ({
  type: 'usage',
  choice,
  usage: usage(outputTokens),
  costUsd,
  model,
  sessionId: model === null ? null : `session of ${model}`,
})

await t.test('pieces are joined, by choice', async (t) => {
  const answer = fold(
    { type: 'text', choice: 1, text: 'b' },
    { type: 'reasoning', choice: 0, text: 'hm' },
    { type: 'text', choice: 0, text: 'a' },
    { type: 'reasoning', choice: 0, text: 'm' },
    { type: 'text', choice: 1, text: 'B' },
    { type: 'finish', choice: 1, reason: 'length' },
  )
  t.strictSame(answer.choices, [
    { text: 'a', reasoning: 'hmm', toolCalls: [], refusal: null, finish: null },
    { text: 'bB', reasoning: '', toolCalls: [], refusal: null, finish: 'length' },
  ])
})

await t.test('tool calls are joined by their index', async (t) => {
  const answer = fold(
    { type: 'tool_call', choice: 0, index: 0, id: 'call_0', name: 'first', arguments: '' },
    { type: 'tool_call', choice: 0, index: 0, arguments: '{"a":' },
    { type: 'tool_call', choice: 0, index: 1, id: 'call_1', name: 'second', arguments: '{}' },
    { type: 'tool_call', choice: 0, index: 0, arguments: '1}' },
  )
  t.strictSame(answer.choices[0]?.toolCalls, [
    { id: 'call_0', name: 'first', arguments: '{"a":1}' },
    { id: 'call_1', name: 'second', arguments: '{}' },
  ])
})

await t.test('a refusal has its words', async (t) => {
  t.hasStrict(fold({ type: 'finish', choice: 0, reason: 'refusal', refusal: 'no' }).choices, [{ finish: 'refusal', refusal: 'no' }])
  t.hasStrict(fold({ type: 'finish', choice: 0, reason: 'stop' }).choices, [{ finish: 'stop', refusal: null }])
})

await t.test('usage is summed over the choices', async (t) => {
  const answer = fold(spent(3, 0.25, 'claude-a'), spent(4, null, null, 1), spent(5, 0.5, null, 2))
  t.strictSame(answer.usage, {
    inputTokens: 3,
    cacheReadTokens: 30,
    cacheWriteTokens: 300,
    outputTokens: 12,
    reasoningTokens: null,
  })
  t.equal(answer.costUsd, 0.75)
  t.equal(answer.model, 'claude-a', 'a run that does not say its model takes away none')
  t.equal(answer.sessionId, 'session of claude-a')
  t.equal(answer.choices.length, 3, 'a run that said nothing is a choice all the same')
  t.equal(fold(spent(1, null, null)).costUsd, null, 'no cost is not a cost of 0')
})

await t.test('adding usage changes neither side', async (t) => {
  const [a, b] = [usage(1), usage(2, 7)]
  t.equal(addUsage(a, b).reasoningTokens, 7)
  t.equal(addUsage(b, a).reasoningTokens, 7)
  t.equal(addUsage(b, b).reasoningTokens, 14)
  t.strictSame([a, b], [usage(1), usage(2, 7)])
  const first = spent(3, 1, 'x')
  fold(first, first)
  t.strictSame(first, spent(3, 1, 'x'), 'nor does folding change an event')
})

await t.test('a new attempt begins a new answer, but what was spent stays spent', async (t) => {
  const answer = fold(
    { type: 'text', choice: 0, text: 'bad' },
    spent(3, 0.25, 'x'),
    { type: 'attempt', choice: 0, attempt: 2, reason: 'not JSON' },
    { type: 'text', choice: 0, text: 'good' },
    spent(4, 0.25, 'x'),
  )
  t.hasStrict(answer.choices, [{ text: 'good' }])
  t.equal(answer.usage?.outputTokens, 7)
  t.equal(answer.costUsd, 0.5)
})

await t.test('events without content leave the answer as it is', async (t) => {
  t.strictSame(
    fold(
      { type: 'status', status: 'in_progress', phase: 'waiting' },
      { type: 'tool_activity', choice: 0, id: 'x', tool: 'Read', state: 'started' },
      { type: 'review', reason: 'look' },
      { type: 'end', status: 'failed', error: { code: 'timeout', message: '' } },
    ),
    emptyAnswer(),
  )
})
