import { type UsageRow, emptyRow } from '../../../src/jobs/spending.js'
import type { UsageQuery } from '../../../src/jobs/store.js'
import { ending, jobWith, logged, queued, running } from './records.js'
import type { Theme } from './theme.js'

const hour = 3600
const always: Omit<UsageQuery, 'by'> = { from: 0, to: 10_000_000_000, limit: 100 }
const row = (model: string, members: Partial<UsageRow>): UsageRow => ({ ...emptyRow(model), ...members })

export const usage: Theme = async (subtest) => {
  await subtest('what owners have used', async (t, store, reopen) => {
    const [first, second] = [jobWith(), jobWith({ owner: 'bert' })]
    for (const job of [first, second]) await store.create(job, {}, queued)
    const now = Date.now() / 1000
    const begun = { events: logged(2, running), record: null }
    await store.append([
      { id: first.id, after: 1, ...begun, usage: [row('opus', { input: 100, cacheRead: 20, nanoUsd: 7 }), row('haiku', { output: 3 })] },
      { id: second.id, after: 1, ...begun, usage: [row('opus', { input: 1 })] },
    ])
    // no event with it
    await store.append([{ id: first.id, after: 2, events: [], record: null, usage: [row('opus', { input: 11, output: 5, reasoning: 2 })] }])
    t.equal((await store.get(first.id))?.lastSeq, 2, 'usage alone is no event')

    const reopened = await reopen()
    const all = await reopened.usage({ ...always, by: { owner: true, model: true, span: 'hour' } })
    t.hasStrict(all, [
      { owner: 'anna', model: 'haiku', output: 3 },
      { owner: 'anna', model: 'opus', input: 111, cacheRead: 20, output: 5, reasoning: 2, nanoUsd: 7 },
      { owner: 'bert', model: 'opus', input: 1 },
    ])
    t.ok(all.every(({ from }) => from! % hour === 0 && from! > now - 2 * hour && from! <= now))
    t.hasStrict(await reopened.usage({ ...always, by: {} }), [{ owner: null, model: null, from: null, input: 112 }])
    t.hasStrict(await reopened.usage({ ...always, owner: 'bert', by: { span: 'day' } }), [{ owner: null, input: 1 }])
    t.equal((await reopened.usage({ ...always, limit: 2, by: { owner: true, model: true } })).length, 2)
    t.strictSame(await reopened.usage({ ...always, to: now - 2 * hour, by: { owner: true } }), [], 'none before')
    t.strictSame(await reopened.usage({ ...always, from: now + 2 * hour, by: {} }), [], 'and none after')

    await reopened.delete(first.id)
    t.hasStrict(await reopened.usage({ ...always, owner: 'anna', by: {} }), [{ input: 111 }], 'it outlives the jobs')
    await reopened.prune(now * 1000)
    t.equal((await reopened.usage({ ...always, by: {} })).length, 1)
    await reopened.prune((now + 401 * 24 * hour) * 1000)
    t.strictSame(await reopened.usage({ ...always, by: {} }), [], 'but not for ever')
  })

  await subtest('a write that is refused adds nothing', async (t, store) => {
    const job = jobWith()
    await store.create(job, {}, queued)
    const write = { id: job.id, after: 1, events: logged(2, ending('cancelled')), record: null }
    await store.append([write])
    const late = { ...write, usage: [row('opus', { input: 5 })] }
    t.match(await store.append([late]), [{ name: 'Superseded' }])
    t.strictSame(await store.usage({ ...always, by: {} }), [])
  })
}
