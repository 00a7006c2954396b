/** What is acknowledged is on the disk, and the event loop goes on while the disk works. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Connection, openConnection } from '../../../src/jobs/sqlite/connection.js'
import { loadDriver } from '../../../src/jobs/sqlite/driver.js'
import { type Disk, LogSync, openDisk } from '../../../src/jobs/sqlite/log-sync.js'
import { storeOn } from '../../../src/jobs/sqlite/store.js'
import { UnreadableRecords } from '../../../src/jobs/unreadable-records.js'
import { Superseded } from '../../../src/jobs/store.js'
import { soon } from '../bench.js'
import { jobWith, logged, queued, running, text } from '../conformance/records.js'
import { temporary } from './helpers.js'

/** A disk whose syncs end when the test says so. */
function slowDisk() {
  const syncs: { end: () => void; fail: (error: Error) => void }[] = []
  let closed = false
  const disk: Disk = {
    sync: () => new Promise((resolve, reject) => void syncs.push({ end: resolve, fail: reject })),
    close: () => (closed = true),
  }
  return { disk, syncs, isClosed: () => closed }
}

const turn = () => sleep(5)

await t.test('who asks at the same moment shares a sync, who asks meanwhile the next one', async (t) => {
  const { disk, syncs } = slowDisk()
  const log = new LogSync(disk)
  const first = Promise.all([log.sync(), log.sync()])
  await turn()
  t.equal(syncs.length, 1)
  const later = Promise.all([log.sync(), log.sync(), log.sync()])
  await turn()
  t.equal(syncs.length, 1, 'one at a time')
  syncs[0]!.end()
  await first
  await turn()
  t.equal(syncs.length, 2)
  t.equal(await soon(later, 20), 'pending', 'a sync that had begun may have missed what was written since')
  syncs[1]!.end()
  await later
  const last = log.sync()
  await turn()
  syncs[2]!.end()
  await last
  t.equal(syncs.length, 3)
})

await t.test('after a failure nothing is taken for safe any more', async (t) => {
  const { disk, syncs, isClosed } = slowDisk()
  const log = new LogSync(disk)
  const one = log.sync()
  await turn()
  const two = log.sync()
  syncs[0]!.fail(new Error('EIO'))
  await t.rejects(one, { message: 'the job database could not be synced to its disk: EIO' })
  await t.rejects(two, { message: /EIO/ })
  await t.rejects(log.sync(), { message: /EIO/ })
  t.throws(() => log.throwIfBroken(), { message: /EIO/ })
  t.equal(syncs.length, 1, 'the disk is not asked again')
  await log.close()
  t.ok(isClosed())
})

async function open(t: Test, disk?: Disk): Promise<{ connection: Connection; store: ReturnType<typeof storeOn> }> {
  const connection = openConnection(await loadDriver(), join(temporary(t), 'jobs.db'), disk === undefined ? openDisk : () => disk)
  return { connection, store: storeOn(connection, new UnreadableRecords(() => {}), () => {}) }
}

await t.test('what changes a job waits for the disk, but where its caller need not', async (t) => {
  const { disk, syncs } = slowDisk()
  const { store } = await open(t, disk)
  const finished = async <T>(what: string, work: Promise<T>): Promise<T> => {
    const before = syncs.length
    t.equal(await soon(work, 20), 'pending', `${what} waits`)
    t.equal(syncs.length, before + 1)
    syncs.at(-1)!.end()
    return work
  }
  const job = jobWith()
  const created = await store.create(job, {}, queued)
  t.ok(created.created)
  const durable = created.created ? created.synced : Promise.resolve()
  t.equal(await soon(durable, 20), 'pending', 'who has asked for the job waits')
  syncs.at(-1)!.end()
  await durable
  const append = (after: number, how?: { synced: boolean }) =>
    store.append([{ id: job.id, after, events: logged(after + 1, text('a')), record: null }], how)
  t.strictSame(await append(1, { synced: false }), [null], 'an append that need not be synced does not wait')
  t.strictSame(await finished('append', append(2)), [null])
  await finished('keep', store.keep(job.id))
  await finished('countDeaths', store.countDeaths(job.id, 1))
  await finished('begin', store.begin())
  await finished('endInOrder', store.endInOrder())
  await finished('health', store.health())
  await finished('webhooks.postpone', store.webhooks.postpone('w', 1))
  await finished('webhooks.remove', store.webhooks.remove('w'))
  await finished('earlier', store.earlier('anna', { key: 'k', hash: 'h' }))
  await finished('delete', store.delete(job.id))
  await finished('close', store.close())
})

await t.test('a disk that fails: the store takes nothing more and says why', async (t) => {
  const { disk, syncs } = slowDisk()
  const { store } = await open(t, disk)
  const created = await store.create(jobWith(), {}, queued)
  await turn()
  syncs[0]!.fail(new Error('EIO'))
  await t.rejects(created.created ? created.synced : Promise.resolve(), { message: /could not be synced.*EIO/ })
  await t.rejects(store.health(), { message: /EIO/ })
  await t.rejects(store.create(jobWith(), {}, queued), { message: /EIO/ })
  await store.close()
})

await t.test('the real disk', async (t) => {
  const { connection, store } = await open(t)
  const job = jobWith()
  await store.create(job, {}, queued)
  t.strictSame(await store.append([{ id: job.id, after: 1, events: logged(2, running), record: null }]), [null])
  const [refused] = await store.append([{ id: job.id, after: 1, events: logged(2, running), record: null }])
  t.ok(refused instanceof Superseded)
  await store.close()
  await connection.synced()
})
