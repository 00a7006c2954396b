/** The room of forgotten jobs goes back to the file system, in steps and only while there is nothing to do. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadDriver } from '../../../src/jobs/sqlite/driver.js'
import { DataDirInUse } from '../../../src/jobs/sqlite/errors.js'
import { vacuumWhole } from '../../../src/jobs/sqlite/shrink.js'
import { openSqliteStore } from '../../../src/jobs/sqlite/store.js'
import type { JobStore } from '../../../src/jobs/store.js'
import { ending, jobWith, put, queued, text } from '../conformance/records.js'
import { bare, temporary } from './helpers.js'

const megabyte = 1024 * 1024
const idle = () => true
const sizeOf = (dataDir: string) => statSync(join(dataDir, 'jobs.db')).size
const inSteps = async (dataDir: string) => (await bare(dataDir, 'PRAGMA auto_vacuum'))[0]?.['auto_vacuum'] === 2

/** A job that is kept, and some megabytes of others that have expired. @returns the id of the first */
async function fill(store: JobStore, megabytes: number): Promise<string> {
  const kept = jobWith({ ttlS: 1_000_000_000 })
  await store.create(kept, { said: 'this' }, queued)
  await put(store, kept.id, text('kept'), ending('completed'))
  for (let i = 0; i < megabytes * 4; i++) {
    const job = jobWith({ ttlS: 0 })
    await store.create(job, { said: 'x'.repeat(megabyte / 4) }, queued)
    await put(store, job.id, ending('completed'))
  }
  return kept.id
}

const read = async (store: JobStore, id: string) => [await store.get(id), await store.request(id), await store.events(id, 0, 100)]

/** A database as versions before this one have made it. */
async function oldDatabase(dataDir: string): Promise<void> {
  const db = (await loadDriver())(join(dataDir, 'jobs.db'))
  db.exec('PRAGMA auto_vacuum = NONE; PRAGMA journal_mode = WAL; CREATE TABLE before_it (n INTEGER)')
  db.close()
}

await t.test('a new database', async (t) => {
  const dataDir = temporary(t)
  const store = await openSqliteStore({ dataDir })
  const id = await fill(store, 6)
  const before = await read(store, id)
  await store.prune(Date.now())
  await store.health()
  await store.giveBack(() => false)
  t.ok((await bare(dataDir, 'PRAGMA freelist_count'))[0]!['freelist_count'] !== 0, 'a server that has work to do gives nothing back')
  let looks = 0
  await store.giveBack(() => (looks += 1) < 4)
  const left = Number((await bare(dataDir, 'PRAGMA freelist_count'))[0]!['freelist_count'])
  t.ok(looks === 4 && left > 1000, `work that comes in between ends it: ${left} pages are left`)
  await store.giveBack(idle)
  t.equal((await bare(dataDir, 'PRAGMA freelist_count'))[0]!['freelist_count'], 0)
  t.ok(sizeOf(dataDir) < megabyte, `${sizeOf(dataDir)} bytes, while the server runs`)
  t.strictSame(await read(store, id), before)
  await store.close()
  t.ok(await inSteps(dataDir))
})

await t.test('a database of an earlier version is written anew once, when it is idle', async (t) => {
  const dataDir = temporary(t)
  await oldDatabase(dataDir)
  let store = await openSqliteStore({ dataDir })
  const id = await fill(store, 6)
  const before = await read(store, id)
  await store.prune(Date.now())
  await store.close()
  const full = sizeOf(dataDir)
  store = await openSqliteStore({ dataDir })
  t.ok(full > 6 * megabyte && sizeOf(dataDir) === full, 'nothing of it at the start')
  await store.giveBack(() => false)
  t.equal(sizeOf(dataDir), full)
  await store.giveBack(idle)
  t.ok(sizeOf(dataDir) < megabyte, `${sizeOf(dataDir)} bytes`)
  t.strictSame(await read(store, id), before)
  // what is written from now on goes through the same log
  const after = await fill(store, 2)
  await store.prune(Date.now())
  await store.giveBack(idle)
  t.ok(sizeOf(dataDir) < megabyte, 'from then on in steps')
  await store.close()
  t.ok(await inSteps(dataDir))
  store = await openSqliteStore({ dataDir })
  t.match(await store.get(after), { status: 'completed' })
  await store.close()
})

await t.test('a larger one is left for the command', async (t) => {
  const dataDir = temporary(t)
  await oldDatabase(dataDir)
  let store = await openSqliteStore({ dataDir })
  const id = await fill(store, 40)
  const before = await read(store, id)
  await store.prune(Date.now())
  await store.giveBack(idle)
  await t.rejects(vacuumWhole(dataDir), DataDirInUse, 'not while a server runs')
  await store.close()
  t.ok(sizeOf(dataDir) > 40 * megabyte)
  const done = await vacuumWhole(dataDir)
  t.match(done, { path: join(dataDir, 'jobs.db'), after: sizeOf(dataDir) })
  t.ok(done.before > 40 * megabyte && done.after < megabyte, `${done.before} -> ${done.after}`)
  t.ok(await inSteps(dataDir))
  t.strictSame(readdirSync(dataDir).sort(), ['jobs.db', 'owner.lock'], 'nothing else is left')
  store = await openSqliteStore({ dataDir })
  t.strictSame(await read(store, id), before)
  await store.close()
})

await t.test('where there is none', async (t) => {
  const dataDir = temporary(t)
  await t.rejects(vacuumWhole(dataDir), /there is no job database .*jobs\.db/)
  t.strictSame(readdirSync(dataDir), [], 'and none is made')
})
