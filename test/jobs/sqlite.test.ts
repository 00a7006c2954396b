import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { JobEvent } from '../../src/jobs/events.js'
import { loadDriver } from '../../src/jobs/sqlite/driver.js'
import { DataDirInUse, DatabaseTooNew, StoreClosed } from '../../src/jobs/sqlite/errors.js'
import { migrate, migrations } from '../../src/jobs/sqlite/schema.js'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import type { JobStore } from '../../src/jobs/store.js'
import { conformance } from './conformance/index.js'
import { ending, epoch, jobWith, put, queued, text } from './conformance/records.js'
import { bare, losses, startWriter, temporary } from './sqlite/helpers.js'

const posix = process.platform === 'win32' ? { skip: 'needs POSIX' } : {}
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

/** Jobs that have ended; how long they stay is counted from the time of a record's first event. */
async function fill(store: JobStore, jobs: number, events: JobEvent[], ttlS = 0): Promise<void> {
  for (let i = 0; i < jobs; i++) {
    const job = jobWith({ ttlS })
    await store.create(job, {}, queued)
    await put(store, job.id, ...events, ending('completed'))
  }
}

await t.test('conformance', (t) =>
  conformance(t, async () => {
    const dataDir = temporary(t)
    const store = await openSqliteStore({ dataDir })
    return { store, reopen: async () => (await store.close(), openSqliteStore({ dataDir })) }
  }),
)

await t.test('one server per directory', posix, async (t) => {
  const dataDir = temporary(t)
  const store = await openSqliteStore({ dataDir })
  const refusal = { name: 'DataDirInUse', message: `the data directory ${dataDir} is in use by another server` }
  await t.rejects(openSqliteStore({ dataDir }), DataDirInUse, 'in the same process')
  const { trouble, stderr } = await startWriter(t, dataDir).ended
  t.match(trouble, { error: refusal.name, message: refusal.message }, 'in another process')
  t.equal(stderr, '')
  await store.create(jobWith(), {}, queued)
  await store.close()

  const writer = startWriter(t, dataDir)
  await once(writer.process.stdout!, 'data')
  await t.rejects(openSqliteStore({ dataDir }), refusal)
  writer.process.kill('SIGKILL')
  t.equal((await writer.ended).stderr, '', 'no warning of an experimental module')
  await (await openSqliteStore({ dataDir })).close()
})

await t.test('nothing acknowledged is lost by kill -9', posix, async (t) => {
  const dataDir = temporary(t)
  const all = []
  for (let round = 0; round < 8; round++) {
    const writer = startWriter(t, dataDir)
    await once(writer.process.stdout!, 'data')
    await sleep(Math.random() * 250)
    writer.process.kill('SIGKILL')
    const { acknowledged } = await writer.ended
    all.push(...acknowledged)
    const store = await openSqliteStore({ dataDir })
    t.strictSame(await losses(store, all), [], `round ${round}: ${acknowledged.length} acknowledgements`)
    await store.close()
    t.strictSame(await bare(dataDir, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }])
  }
})

await t.test('a write that fails leaves nothing half-written', posix, async (t) => {
  const dataDir = temporary(t)
  const writer = startWriter(t, dataDir, 800)
  const { acknowledged, trouble } = await writer.ended
  t.match(trouble, { error: 'Error', message: /disk/, readable: true })
  t.ok(acknowledged.length > 10)
  const store = await openSqliteStore({ dataDir })
  t.strictSame(await losses(store, acknowledged), [])
  await store.close()
  t.strictSame(await bare(dataDir, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }])
})

await t.test('files are private', posix, async (t) => {
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  const dataDir = join(temporary(t), 'made', 'here')
  const store = await openSqliteStore({ dataDir })
  await store.create(jobWith(), {}, queued)
  t.equal(mode(dataDir), '700')
  const files = readdirSync(dataDir).sort()
  t.strictSame(files, ['jobs.db', 'jobs.db-shm', 'jobs.db-wal', 'owner.lock'])
  for (const file of files) t.equal(mode(join(dataDir, file)), '600', file)
  await store.close()
  t.notOk(existsSync(join(dataDir, 'jobs.db-wal')), 'the log is merged at the end')

  chmodSync(join(dataDir, 'jobs.db'), 0o644)
  chmodSync(dataDir, 0o755)
  await (await openSqliteStore({ dataDir })).close()
  t.equal(mode(join(dataDir, 'jobs.db')), '600', 'an existing file is tightened')
  t.equal(mode(dataDir), '755', 'a directory in use is left as it is')

  const empty = join(temporary(t), 'empty')
  mkdirSync(empty, { mode: 0o755 })
  await (await openSqliteStore({ dataDir: empty })).close()
  t.equal(mode(empty), '700', 'an empty one is tightened')
})

await t.test('schema versions', async (t) => {
  const dataDir = temporary(t)
  await (await openSqliteStore({ dataDir })).close()
  await bare(dataDir, 'PRAGMA user_version = 99')
  const message = /cannot use the job database .*jobs\.db: its schema has version 99, .* a newer server has written it$/
  const error: unknown = await openSqliteStore({ dataDir }).catch((error: unknown) => error)
  t.match(error, { message, cause: { found: 99, known: migrations.length } })
  t.ok((error as Error).cause instanceof DatabaseTooNew)
  t.strictSame(await bare(dataDir, 'PRAGMA user_version'), [{ user_version: 99 }])
  await bare(dataDir, `PRAGMA user_version = ${migrations.length}`)
  await (await openSqliteStore({ dataDir })).close()

  const db = (await loadDriver())(':memory:')
  const steps = ['CREATE TABLE a (x); INSERT INTO a VALUES (1)', 'ALTER TABLE a ADD COLUMN y DEFAULT 2']
  migrate(db, steps.slice(0, 1))
  migrate(db, steps)
  migrate(db, steps)
  t.throws(() => migrate(db, [...steps, 'DELETE FROM a; nonsense']))
  t.match(db.prepare('SELECT * FROM a').get(), { x: 1, y: 2 }, 'a step that fails leaves no trace')
  t.match(db.prepare('PRAGMA user_version').get(), { user_version: 2 })
  db.close()
})

await t.test('a file that is no database', async (t) => {
  const dataDir = temporary(t)
  const path = join(dataDir, 'jobs.db')
  writeFileSync(path, 'x'.repeat(5000))
  const error = { message: `cannot use the job database ${path}: file is not a database` }
  await t.rejects(openSqliteStore({ dataDir }), error)
  await t.rejects(openSqliteStore({ dataDir }), error, 'the lock was released')
  t.equal(readFileSync(path, 'utf8'), 'x'.repeat(5000))
})

await t.test('a closed store', async (t) => {
  const dataDir = temporary(t)
  const store = await openSqliteStore({ dataDir })
  await store.close()
  await store.close()
  const calls: Promise<unknown>[] = [
    store.create(jobWith(), {}, queued),
    store.get('x'),
    store.request('x'),
    store.list({ limit: 1, order: 'asc' }),
    store.unfinished(),
    store.keep('x'),
    store.countDeaths('x', 1),
    store.append([]),
    store.events('x', 0, 1),
    store.delete('x'),
    store.health(),
  ]
  for (const call of calls) await t.rejects(call, StoreClosed)
})

await t.test('pruning gives others their turn, and the space back', async (t) => {
  const dataDir = temporary(t)
  const store = await openSqliteStore({ dataDir })
  const events = Array<JobEvent>(40).fill(text('x'.repeat(100)))
  await fill(store, 400, events)
  const size = () => statSync(join(dataDir, 'jobs.db')).size
  const before = size()
  let turns = 0
  let running = true
  const count = async () => {
    for (; running; turns++) await turn()
  }
  const counting = count()
  t.equal(await store.prune(2 * epoch), 400)
  running = false
  await counting
  t.ok(turns > 1, `${turns} turns: at once would be one`)
  await fill(store, 400, events)
  t.ok(size() < before * 1.2, `${before} bytes before, ${size()} after`)
  await store.close()
})

await t.test('what a delete had no time to clear is cleared by the next prune', async (t) => {
  const dataDir = temporary(t)
  const store = await openSqliteStore({ dataDir })
  const job = jobWith()
  await store.create(job, {}, queued)
  await put(store, job.id, ...Array<JobEvent>(20_000).fill(text('x')))
  const deleted = store.delete(job.id)
  await store.close()
  t.equal(await deleted, true)
  t.not((await bare(dataDir, 'SELECT count(*) AS left FROM events'))[0]?.left, 0)

  const again = await openSqliteStore({ dataDir })
  t.equal(await again.get(job.id), null)
  t.equal(await again.prune(0), 0)
  await again.close()
  const left = 'SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM requests) + count(*) AS left FROM garbage'
  t.strictSame(await bare(dataDir, left), [{ left: 0 }])
})
