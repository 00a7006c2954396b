/** Events of a job -> its stream, its whole answer and its record say the same. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { addToAnswer, emptyAnswer } from '../../src/jobs/answer.js'
import type { JobEvent } from '../../src/jobs/events.js'
import { fold } from '../../src/jobs/fold.js'
import type { Job } from '../../src/jobs/job.js'
import { isFinal } from '../../src/jobs/status.js'
import { toCompletion } from '../../src/openai/out/completion.js'
import { jobOf, stream } from '../openai/jobs.js'
import { anyText, asUtf8, holds, piecesOf } from './holds.js'

const choices = 2
const choice = fc.nat({ max: choices - 1 })
// a pair of surrogates may lie across two pieces, but nothing of another kind comes between them
const text = anyText.map(asUtf8)
const said: fc.Arbitrary<JobEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('text' as const), choice, text }) },
  fc.record({ type: fc.constantFrom('reasoning' as const, 'commentary' as const), choice, text }),
  fc.record({ type: fc.constant('tool_call' as const), choice, index: fc.nat({ max: 2 }), arguments: text }),
  fc.record({
    type: fc.constant('usage' as const),
    choice,
    usage: fc.record({
      ...{ inputTokens: fc.nat(), cacheReadTokens: fc.nat(), cacheWriteTokens: fc.nat(), outputTokens: fc.nat() },
      reasoningTokens: fc.option(fc.nat()),
    }),
    ...{ costUsd: fc.constant(null), model: fc.constant(null), sessionId: fc.constant(null) },
  }),
)

/** As a run writes them: the calls of a choice have the indexes from 0 on, the first piece has the id and the name, and each choice is finished once. */
const run = fc.tuple(fc.array(said, { maxLength: 30 }), fc.array(fc.nat())).map(([whole, places]) => {
  const events = whole.flatMap((event, index) => cutInTwo(event, places[index] ?? 0))
  const calls = new Map<number, Map<number, number>>()
  const told = events.map((event): JobEvent => {
    if (event.type !== 'tool_call') return event
    const of = calls.get(event.choice) ?? new Map<number, number>()
    calls.set(event.choice, of)
    const known = of.get(event.index)
    const index = known ?? of.size
    of.set(event.index, index)
    return { ...event, index, ...(known === undefined && { id: `call_${event.choice}_${index}`, name: 'look' }) }
  })
  const finished = Array.from({ length: choices }, (_, choice): JobEvent => {
    return { type: 'finish', choice, reason: calls.has(choice) ? 'tool_calls' : 'stop' }
  })
  return [...told, ...finished]
})

function cutInTwo(event: JobEvent, place: number): JobEvent[] {
  if (event.type === 'tool_call') return piecesOf(event.arguments, [place]).map((piece) => ({ ...event, arguments: piece }))
  return 'text' in event ? piecesOf(event.text, [place]).map((piece) => ({ ...event, text: piece })) : [event]
}

interface Heard {
  content: string
  reasoning: string
  calls: { id: string; name: string; arguments: string }[]
  finish: unknown
}

function heard(events: JobEvent[], job: Job): Heard[] {
  const all = Array.from({ length: choices }, (): Heard => ({ content: '', reasoning: '', calls: [], finish: undefined }))
  for (const chunk of stream(events, job)) {
    for (const { index, delta, finish_reason: finish } of chunk.choices) {
      const one = all[index]!
      // each chunk is UTF-8 on its way
      const text = (words: string | null | undefined) => asUtf8(words ?? '')
      one.content += text(delta.content)
      one.reasoning += text(delta.reasoning_content)
      for (const piece of delta.tool_calls ?? []) {
        const call = (one.calls[piece.index] ??= { id: '', name: '', arguments: '' })
        call.id += piece.id ?? ''
        call.name += piece.function?.name ?? ''
        call.arguments += text(piece.function?.arguments)
      }
      if (finish !== null) one.finish = finish
    }
  }
  return all
}

await t.test('a stream and the whole answer', (t) => {
  holds(
    t,
    'say the same to a client that joins the pieces',
    run,
    (events) => {
      const job = jobOf(events, { choices })
      const whole = JSON.parse(Buffer.from(JSON.stringify(toCompletion(job))).toString()) as ReturnType<typeof toCompletion>
      const wanted = whole.choices.map(
        ({ message, finish_reason: finish }): Heard => ({
          content: asUtf8(message.content ?? ''),
          reasoning: asUtf8(message.reasoning_content ?? ''),
          calls: (message.tool_calls ?? []).map((call) => {
            if (call.type !== 'function') throw new Error('no call of a function')
            return { id: call.id, name: call.function.name, arguments: asUtf8(call.function.arguments) }
          }),
          finish,
        }),
      )
      const got = heard(events, job)
      if (!isDeepStrictEqual(got, wanted)) throw new Error(JSON.stringify({ got, wanted }))
    },
    1000,
  )
  holds(t, 'an attempt forgets what its choice has said, and no more', fc.tuple(run, run, choice), ([before, after, again]) => {
    const rest = after.filter((event) => 'choice' in event && event.choice === again)
    const answer = jobOf([...before, { type: 'attempt', choice: again, attempt: 2, reason: 'again' }, ...rest]).answer!
    const alone = jobOf(rest).answer!
    const other = 1 - again
    return (
      isDeepStrictEqual(answer.choices[again], alone.choices[again]) &&
      isDeepStrictEqual(answer.choices[other], jobOf(before).answer!.choices[other])
    )
  })
  t.end()
})

await t.test('the record', (t) => {
  const status: fc.Arbitrary<JobEvent> = fc.oneof(
    fc.record({ type: fc.constant('status' as const), status: fc.constantFrom('queued' as const, 'in_progress' as const) }),
    fc.record({ type: fc.constant('attempt' as const), choice, attempt: fc.nat({ max: 5 }), reason: fc.string() }),
    fc.record({ type: fc.constant('review' as const), reason: fc.string() }),
  )
  const end: fc.Arbitrary<JobEvent> = fc.record({
    type: fc.constant('end' as const),
    status: fc.constantFrom('completed' as const, 'cancelled' as const, 'incomplete' as const),
    error: fc.constant(null),
  })
  const log = fc
    .tuple(fc.array(fc.oneof(status, said), { maxLength: 20 }), fc.option(end))
    .map(([events, end]) =>
      [...events, ...(end === null ? [] : [end])].map((event, index) => ({ seq: index + 1, at: 1000 + index, event })),
    )
  const fresh = (): Job => ({
    ...jobOf([], { status: 'queued', attempts: 0, startedAt: null, completedAt: null, expiresAt: null, answer: null }),
    lastSeq: 0,
  })
  holds(t, 'is the same however the log is cut into appends', fc.tuple(log, fc.nat()), ([events, place]) => {
    const cut = place % (events.length + 1)
    const answerAfter = (count: number) => {
      const answer = emptyAnswer()
      for (const { event } of events.slice(0, count)) addToAnswer(answer, event)
      return answer
    }
    // a review takes the answer as it is then: the cut must not lie before it
    const isReviewBehind = events.slice(cut).some(({ event }) => event.type === 'review')
    if (isReviewBehind || events.slice(0, cut).some(({ event }) => event.type === 'review')) return
    const whole = fold(fresh(), events, answerAfter(events.length))
    const parts = fold(fold(fresh(), events.slice(0, cut), answerAfter(cut)), events.slice(cut), answerAfter(events.length))
    if (!isDeepStrictEqual(whole, parts)) throw new Error(JSON.stringify({ whole, parts }))
  })
  holds(t, 'against a model', log, (events) => {
    const answer = emptyAnswer()
    for (const { event } of events) addToAnswer(answer, event)
    const job = fold(fresh(), events, answer)
    let status: Job['status'] = 'queued'
    let attempts = 0
    for (const { event } of events) {
      if (event.type === 'attempt') attempts = Math.max(attempts, event.attempt)
      if (event.type === 'review') status = 'requires_action'
      if (event.type === 'end') status = event.status
      if (event.type !== 'status' || event.status === status) continue
      if (event.status === 'in_progress') attempts += 1
      status = event.status
    }
    const isOver = isFinal(status)
    return (
      job.status === status &&
      job.attempts === attempts &&
      job.lastSeq === events.length &&
      (job.completedAt !== null) === isOver &&
      (job.expiresAt !== null) === (isOver || status === 'requires_action')
    )
  })
  t.end()
})
