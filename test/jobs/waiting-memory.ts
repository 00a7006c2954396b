/**
 * Started with `--expose-gc` by the memory test: holds many jobs behind one that runs, and prints as JSON what each
 * costs in memory, and how long a restart and a list take. Arguments: a data directory and how many jobs.
 */
import { Jobs } from '../../src/jobs/jobs.js'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import { Places } from '../../src/jobs/places.js'
import { Limiter } from '../../src/limiter.js'
import type { JobStore } from '../../src/jobs/store.js'
import { asking, requestOf } from './bench.js'
import { jobWith, queued } from './conformance/records.js'
import { ScriptedExecutor } from './scripted-executor.js'
import { bare } from './sqlite/helpers.js'

export interface Measured {
  bytesPerSubmitted: number
  bytesPerRecovered: number
  recoverMs: number
  listMs: number
  recovered: number
  waiting: number
}

const [dataDir, count] = [process.argv[2]!, Number(process.argv[3])]

function heap(): number {
  for (let i = 0; i < 3; i++) globalThis.gc!()
  return process.memoryUsage().heapUsed
}

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const begun = performance.now()
  return [await work, performance.now() - begun]
}

/** What `count` submits leave in the store, without a sync of the disk for each. */
async function fill(): Promise<void> {
  const store = await openSqliteStore({ dataDir })
  // a prompt of some size: it belongs into the store, not into memory
  await store.create(jobWith({ background: true }), requestOf('x'.repeat(4000)), queued)
  await store.close()
  const columns = (await bare(dataDir, 'PRAGMA table_info(jobs)')).map(({ name }) => String(name))
  const copied = columns.filter((name) => !['n', 'id', 'owner'].includes(name)).join(', ')
  await bare(
    dataDir,
    `WITH RECURSIVE c(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM c WHERE i < ${count})
     INSERT INTO jobs (id, owner, ${copied})
     SELECT printf('task_%024d', i), 'owner-' || (i % 100), ${copied} FROM c CROSS JOIN jobs WHERE n = 1`,
  )
  await bare(dataDir, 'INSERT INTO events SELECT n, seq, at, event FROM jobs CROSS JOIN events WHERE n > 1 AND events.job = 1')
  await bare(dataDir, 'INSERT INTO requests SELECT n, request FROM jobs CROSS JOIN requests r WHERE n > 1 AND r.job = 1')
}

function jobsOn(store: JobStore): Jobs {
  const onTrouble = (message: string, error: unknown) => {
    throw new Error(message, { cause: error })
  }
  return new Jobs({
    store,
    executor: new ScriptedExecutor(),
    places: new Places(new Limiter({ bound: 1 })),
    maxQueued: count,
    idleTimeoutS: 60,
    onTrouble,
  })
}

await fill()
const store = await openSqliteStore({ dataDir })
await store.list({ limit: 1, order: 'asc' })
let before = heap()
const recovering = jobsOn(store)
const [{ queued: recovered }, recoverMs] = await timed(recovering.start())
const bytesPerRecovered = (heap() - before) / count
const [, listMs] = await timed(recovering.list({ owner: 'owner-7', limit: 100, order: 'desc' }))

// the store's part is measured above
const submitting = jobsOn({ ...store, unfinished: async () => [], create: async () => ({ created: true, synced: Promise.resolve() }) })
await submitting.start()
before = heap()
for (let i = 0; i < count; i++) {
  await submitting.submit(asking({ owner: `owner-${i % 100}`, request: requestOf('x'.repeat(4000) + i) }))
}
const bytesPerSubmitted = (heap() - before) / count
const waiting = submitting.stats().queued

const measured: Measured = { bytesPerSubmitted, bytesPerRecovered, recoverMs, listMs, recovered, waiting }
// both servers have to live until here, or their memory would be free already
if (recovering.stats().queued + waiting > 0) process.stdout.write(JSON.stringify(measured), () => process.exit())
