/** A new job begins while its record is put on the disk, and nobody is told of it before it is there. */
import t from 'tap'
import type { JobStore } from '../../src/jobs/store.js'
import { onBench, onRedis, refusal, soon, until } from './bench.js'

/** Has the syncs of new jobs end as `synced` does. */
function syncAs(store: JobStore, synced: Promise<void>): void {
  const create = store.create.bind(store)
  store.create = async (...given) => {
    const created = await create(...given)
    return created.created ? { created: true, synced } : created
  }
}

function held() {
  let resolve!: () => void
  let reject!: (error: Error) => void
  const synced = new Promise<void>((...settle) => ([resolve, reject] = settle))
  return { synced, resolve, reject }
}

const embedded = onRedis ? { skip: 'Redis answers when it has synced' } : {}

await t.test('on the embedded store', embedded, async (t) => {
  await onBench(t, 'the run begins, the answer to who asked waits', {}, async (t, { executor, submit, store, jobs }) => {
    const { synced, resolve } = held()
    syncAs(store, synced)
    const submitted = submit()
    const run = await executor.next()
    t.equal(await soon(submitted, 50), 'pending')
    run.say('a')
    run.finish()
    resolve()
    const { id, owner } = await submitted
    await until(() => jobs.stats().running === 0)
    t.hasStrict(await jobs.wait(id, new AbortController().signal), { status: 'completed' }, 'also of a run that was quicker than the disk')
    t.equal((await jobs.get(id, owner))?.status, 'completed')
  })

  await onBench(t, 'a record that cannot be synced ends its run', {}, async (t, { executor, submit, store }) => {
    const { synced, reject } = held()
    syncAs(store, synced)
    const refused = refusal(submit()).catch((error: Error) => error.message)
    const run = await executor.next()
    reject(new Error('EIO'))
    t.equal(await refused, 'EIO', 'who asked is told')
    await until(() => run.aborted)
    t.ok(run.aborted)
    const { jobs } = await store.list({ owner: 'anna', limit: 10, order: 'desc' })
    t.hasStrict(jobs[0], { status: 'failed', error: { code: 'internal_error' } })
  })
})
