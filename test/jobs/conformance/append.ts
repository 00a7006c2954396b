import { addToAnswer, emptyAnswer } from '../../../src/jobs/answer.js'
import type { JobEvent } from '../../../src/jobs/events.js'
import { fold } from '../../../src/jobs/fold.js'
import { Superseded } from '../../../src/jobs/store.js'
import { addJob, ending, epoch, jobWith, logged, put, queued, refolded, running, text, writeOf } from './records.js'
import type { Theme } from './theme.js'

const review = { reason: 'r', attempts: 2, lastResponse: 'a\0\ud800', validationErrors: [], originalRequest: null, resume: { at: 2 } }

/** A life with everything that changes a record. */
const life: JobEvent[] = [
  running,
  text('a'),
  { type: 'attempt', choice: 0, attempt: 2, reason: 'r' },
  { type: 'review', reason: 'r', review },
  { type: 'status', status: 'queued', phase: 'queued', feedback: 'mind the units' },
  running,
  text('hé\0\ud800'),
  {
    type: 'usage',
    choice: 0,
    usage: { inputTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 3, outputTokens: 4, reasoningTokens: null },
    costUsd: 0.001,
    model: 'claude-sonnet',
    sessionId: null,
  },
  { type: 'finish', choice: 0, reason: 'length' },
  { type: 'end', status: 'incomplete', error: { code: 'timeout', message: 'late\0', param: 'x' } },
]

export const append: Theme = async (subtest) => {
  await subtest('the stored record is the fold of the stored log', async (t, store) => {
    const created = jobWith({ background: false })
    await store.create(created, {}, queued)
    for (const event of life) {
      await put(store, created.id, event)
      t.strictSame(await store.get(created.id), await refolded(store, created), event.type)
    }
    t.match(await store.get(created.id), {
      status: 'incomplete',
      background: true,
      attempts: 3,
      startedAt: epoch + 7,
      completedAt: epoch + 11,
      expiresAt: epoch + 11 + 3_600_000,
      review: { ...review, feedback: 'mind the units' },
      answer: { choices: [{ text: 'hé\0\ud800', finish: 'length' }], usage: { outputTokens: 4 } },
      lastSeq: 11,
    })
  })

  await subtest('a restart takes back the start of a run', async (t, store) => {
    const id = await addJob(store)
    await put(store, id, running, { type: 'status', status: 'queued', phase: 'queued', reason: 'the server was restarted' })
    t.match(await store.get(id), { status: 'queued', startedAt: null, attempts: 1 })
  })

  await subtest('pieces alone change the number of the last event', async (t, store) => {
    const id = await addJob(store)
    const before = await store.get(id)
    const events = logged(2, text('a'), text('b'))
    t.strictSame(await store.append([{ id, after: 1, events, record: null }], { synced: false }), [null])
    t.strictSame(await store.get(id), { ...before, lastSeq: 3 })
    t.strictSame(await store.events(id, 1, 9), events)
  })

  await subtest('events are read back in pages, as they were written', async (t, store) => {
    const [a, b] = [await addJob(store), await addJob(store)]
    const odd: JobEvent[] = [
      text('\0\ud800 \u2029'),
      { type: 'tool_call', choice: 1, index: 0, id: 'c', name: 'f', arguments: '{"a":' },
      { type: 'attempt', choice: 0, attempt: 2, reason: 'r', errors: [{ type: 'x', message: 'm', path: 'a.b' }] },
    ]
    await put(store, a, ...odd)
    await put(store, b, text('b'))
    const all = [queued, ...logged(2, ...odd)]
    t.strictSame(await store.events(a, 0, 100), all)
    t.strictSame(await store.events(a, 0, 2), all.slice(0, 2))
    t.strictSame(await store.events(a, 2, 2), all.slice(2))
    t.strictSame(await store.events(a, 4, 2), [])
    t.strictSame(await store.events('task_unknown', 0, 9), [])
    t.strictSame(await store.append([]), [])
  })

  await subtest('what does not follow is refused, and the rest of the batch is taken', async (t, store) => {
    const [a, b] = [await addJob(store), await addJob(store)]
    await put(store, a, running, text('a'))
    const before = [await store.get(a), await store.events(a, 0, 9)]
    const record = await store.get(a)
    const wrong = {
      'an old end of the log': { id: a, after: 2, events: logged(3, text('x')), record },
      'an end that has not come': { id: a, after: 5, events: logged(6, text('x')), record },
      'an unknown job': { id: 'task_unknown', after: 1, events: logged(2, text('x')), record: null },
    }
    for (const [name, write] of Object.entries(wrong)) {
      const from = (await store.get(b))!.lastSeq
      const good = { id: b, after: from, events: logged(from + 1, text('with it')), record: null }
      const [refused, taken] = await store.append([write, good])
      t.ok(refused instanceof Superseded, name)
      t.equal(taken, null)
      t.equal((await store.get(b))?.lastSeq, from + 1)
    }
    for (const events of [logged(5, text('gap')), logged(4, text('x'), text('y')).reverse()]) {
      const [refused] = await store.append([{ id: a, after: 3, events, record }])
      t.ok(refused instanceof Error && !(refused instanceof Superseded), 'numbers without their order are a fault of the writer')
    }
    t.strictSame([await store.get(a), await store.events(a, 0, 9)], before, 'nothing of them is there')
  })

  await subtest('nothing follows the end', async (t, store) => {
    for (const status of ['completed', 'failed', 'cancelled', 'incomplete'] as const) {
      const id = await addJob(store)
      await put(store, id, running, ending(status))
      const before = await store.get(id)
      const [refused] = await store.append([await writeOf(store, id, [text('after')])])
      t.ok(refused instanceof Superseded, status)
      t.strictSame(await store.get(id), before)
    }
  })

  await subtest('of eight writers with one `after` one wins', async (t, store) => {
    for (let round = 0; round < 10; round++) {
      const job = jobWith()
      await store.create(job, {}, queued)
      const rivals = await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const events = logged(2, index % 2 === 0 ? ending('cancelled') : text(`${index}`))
          const answer = emptyAnswer()
          for (const { event } of events) addToAnswer(answer, event)
          return { id: job.id, after: 1, events, record: fold(job, events, answer) }
        }),
      )
      const results = await Promise.all(rivals.map(async (write) => (await store.append([write]))[0]))
      t.equal(results.filter((result) => result === null).length, 1)
      t.ok(results.every((result) => result === null || result instanceof Superseded))
      const winner = rivals[results.indexOf(null)]!
      t.strictSame(await store.events(job.id, 1, 9), winner.events)
      t.strictSame(await store.get(job.id), winner.record)
    }
  })

  await subtest('keep is said once and stays', async (t, store) => {
    const id = await addJob(store)
    const write = await writeOf(store, id, [running])
    await store.keep(id)
    t.strictSame(await store.append([write]), [null])
    t.match(await store.get(id), { background: true, status: 'in_progress' }, 'whatever a record says that was made before')
    await store.keep(id)
    await store.keep('task_unknown')
    await put(store, id, ending('completed'))
    t.match(await store.get(id), { background: true, status: 'completed' })
  })
}
