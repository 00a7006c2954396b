import type { JobEvent } from '../../../src/jobs/events.js'
import { ending, jobWith, logged, put, queued, running, text } from './records.js'
import type { Theme } from './theme.js'

export const storedBytes: Theme = async (subtest) => {
  await subtest('what the jobs of an owner take', async (t, store, reopen) => {
    t.equal(await store.storedBytes('anna'), 0)
    const small = jobWith()
    await store.create(small, { prompt: 'x'.repeat(1000) }, queued)
    const request = await store.storedBytes('anna')
    t.ok(request > 1000 && request < 1200, `a request: ${request}`)
    await put(store, small.id, running, text('é'.repeat(5000)))
    const events = (await store.storedBytes('anna')) - request
    t.ok(events > 10_000 && events < 10_300, `events, in bytes of UTF-8: ${events}`)
    const files: JobEvent = { type: 'files', choice: 0, files: [{ path: 'a', bytes: 70_000 }] }
    await put(store, small.id, files, { type: 'finish', choice: 0, reason: 'stop' }, ending('completed'))
    const ended = (await store.storedBytes('anna')) - request - events
    t.ok(ended > 80_000 && ended < 80_900, `its files, and the answer in the record: ${ended}`)

    const other = jobWith({ owner: 'bert', expiresAt: 1 })
    await store.create(other, { prompt: 'y'.repeat(50_000) }, queued)
    const third = jobWith()
    await store.create(third, { prompt: '' }, queued)
    t.ok((await store.storedBytes('bert')) > 50_000)
    t.ok((await store.storedBytes('anna')) < 93_000, 'not of another owner')

    const reopened = await reopen()
    await reopened.delete(small.id)
    const left = await reopened.storedBytes('anna')
    t.ok(left > 0 && left < 300, `what is deleted goes: ${left}`)
    await reopened.prune(2)
    t.equal(await reopened.storedBytes('bert'), 0, 'and what expires')
  })

  await subtest('a write that is refused takes nothing', async (t, store) => {
    const job = jobWith()
    await store.create(job, {}, queued)
    await put(store, job.id, running)
    const before = await store.storedBytes('anna')
    const late = { id: job.id, after: 1, events: logged(2, text('z'.repeat(5000))), record: null }
    t.match(await store.append([late]), [{ name: 'Superseded' }])
    t.equal(await store.storedBytes('anna'), before)
  })
}
