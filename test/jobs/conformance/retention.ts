import type { Test } from 'tap'
import type { JobEvent } from '../../../src/jobs/events.js'
import { type JobStore, Superseded } from '../../../src/jobs/store.js'
import { addJob, ending, epoch, jobWith, put, queued, running, text, writeOf } from './records.js'
import type { Theme } from './theme.js'

export const retention: Theme = async (subtest) => {
  await subtest('delete', async (t, store) => {
    const [id, other] = [await addJob(store), await addJob(store)]
    await put(store, id, ...Array<JobEvent>(1000).fill(text('x')))
    const late = await writeOf(store, id, [text('late')])
    t.equal(await store.delete(id), true)
    t.equal(await store.delete(id), false)
    await gone(t, store, id)
    t.ok((await store.append([late]))[0] instanceof Superseded)
    t.strictSame(await store.events(id, 0, 10), [])
    t.equal((await store.events(other, 0, 10)).length, 1)
    await store.create(jobWith({ id }), 'anew', queued)
    t.strictSame(await store.events(id, 0, 10), [queued])
    t.equal((await store.request(id))?.request, 'anew')
  })

  await subtest('prune', async (t, store) => {
    const kept = await addJob(store)
    const reviewed = await addJob(store, { ttlS: 0 })
    await put(store, reviewed, running, { type: 'review', reason: 'r' })
    const key = { key: 'k', hash: 'h' }
    const expired: string[] = []
    for (let i = 0; i < 30; i++) {
      // it ends at `epoch + 22`
      const job = jobWith({ ttlS: i })
      await store.create(job, {}, queued, i === 0 ? key : undefined)
      await put(store, job.id, ...Array<JobEvent>(20).fill(text('x')), ending('completed'))
      expired.push(job.id)
    }
    t.equal(await store.prune(epoch + 21), 0)
    t.equal(await store.prune(epoch + 22 + 9000), 10, 'the time itself counts as past')
    for (const id of expired.slice(0, 10)) await gone(t, store, id)
    t.equal((await store.events(expired[10]!, 0, 99)).length, 22)
    t.equal((await store.create(jobWith(), {}, queued, key)).created, true, 'its key is forgotten as well')
    const [one, two] = await Promise.all([store.prune(epoch + 22 + 99_000), store.prune(epoch + 22 + 99_000)])
    t.equal(one + two, 20, 'two at once count each job once')
    t.ok(await store.get(kept))
    t.ok(await store.get(reviewed), 'what waits for a human is ended first')
    t.equal((await store.health()).jobs, 3)
  })
}

async function gone(t: Test, store: JobStore, id: string): Promise<void> {
  const left = [await store.get(id), await store.request(id), await store.events(id, 0, 9)]
  t.strictSame(left, [null, null, []])
}
