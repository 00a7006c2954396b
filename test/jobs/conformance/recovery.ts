import type { JobEvent, Usage } from '../../../src/jobs/events.js'
import type { JobStatus } from '../../../src/jobs/status.js'
import { addJob, ending, epoch, jobWith, logged, put, queued, running, text } from './records.js'
import type { Theme } from './theme.js'

const usage: Usage = { inputTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 3, outputTokens: 4, reasoningTokens: null }

export const recovery: Theme = async (subtest) => {
  await subtest('unfinished', async (t, store) => {
    const activity: JobEvent = { type: 'tool_activity', choice: 0, id: 'x', tool: 'Read', state: 'started' }
    const spent: JobEvent = { type: 'usage', choice: 0, usage, costUsd: 1, model: null, sessionId: null }
    const cases: { events: JobEvent[]; delivered: boolean; usedTools: boolean; status?: JobStatus }[] = [
      { events: [], delivered: false, usedTools: false },
      { events: [running, spent], delivered: false, usedTools: false },
      { events: [text('a')], delivered: true, usedTools: false },
      { events: [{ type: 'reasoning', choice: 0, text: 'r' }], delivered: true, usedTools: false },
      { events: [{ type: 'tool_call', choice: 0, index: 0, arguments: '' }], delivered: true, usedTools: false },
      { events: [{ type: 'finish', choice: 0, reason: 'stop' }], delivered: true, usedTools: false },
      { events: [activity], delivered: false, usedTools: true, status: 'in_progress' },
      { events: [text('a'), activity, { type: 'status', status: 'queued', phase: 'waiting' }, spent], delivered: true, usedTools: true },
      { events: [text('a'), { type: 'attempt', choice: 0, attempt: 2, reason: 'r' }], delivered: true, usedTools: false },
      { events: [], delivered: false, usedTools: false, status: 'requires_action' },
    ]
    const expected: unknown[] = []
    for (const [i, { events, delivered, usedTools, status }] of cases.entries()) {
      const id = await addJob(store, { createdAt: epoch - Math.floor(i / 3) })
      // one by one, since a later event must not take a flag back
      for (const event of events) await put(store, id, event)
      if (status !== undefined) await put(store, id, status === 'in_progress' ? running : { type: 'review', reason: 'r' })
      expected.push({ job: await store.get(id), delivered, usedTools, deaths: 0 })
    }
    for (const status of ['completed', 'failed', 'cancelled', 'incomplete'] as const) {
      await put(store, await addJob(store), ending(status))
    }
    const oldestFirst = [9, 6, 7, 8, 3, 4, 5, 0, 1, 2].map((i) => expected[i])
    t.strictSame(await store.unfinished(), oldestFirst)
  })

  await subtest('how servers end', async (t, store, reopen) => {
    const again = async () => {
      await store.close()
      store = await reopen()
      return (await store.begin()).inOrder
    }
    t.strictSame(await store.begin(), { inOrder: true }, 'the first server has none before it')
    const id = await addJob(store)
    await put(store, id, running)
    await store.countDeaths(id, 1)
    t.equal(await again(), false, 'closing the store is no end in order')
    t.match(await store.unfinished(), [{ job: { id, status: 'in_progress' }, deaths: 1 }])
    await store.endInOrder()
    t.equal(await again(), true)
    t.equal(await again(), false, 'an end in order counts once')
    await store.countDeaths(id, 0)
    t.match(await store.unfinished(), [{ deaths: 0 }])
    await put(store, id, ending('completed'))
    t.strictSame(await store.unfinished(), [])
  })

  await subtest('what was acknowledged is there after reopening', async (t, store, reopen) => {
    const job = jobWith()
    await store.create(job, { prompt: 'p' }, queued, { key: 'k', hash: 'h' })
    await put(store, job.id, running, text('a'))
    await store.append([{ id: job.id, after: 3, events: logged(4, text('b')), record: null }])
    const gone = await addJob(store)
    await store.delete(gone)
    const before = [await store.get(job.id), await store.events(job.id, 0, 9), await store.unfinished()]
    await store.close()
    await t.rejects(store.get(job.id), { message: /closed/ })

    const again = await reopen()
    t.strictSame([await again.get(job.id), await again.events(job.id, 0, 9), await again.unfinished()], before)
    t.strictSame((await again.request(job.id))?.request, { prompt: 'p' })
    t.equal(await again.get(gone), null)
    t.match(await again.create(jobWith(), {}, queued, { key: 'k', hash: 'h' }), { created: false, sameBody: true })
    await put(again, job.id, ending('completed'))
    t.match(await again.health(), { jobs: 1 })
  })
}
