/** Owners that were a key's place in `API_KEYS` get the name made of that key's hash: once, whole, and nothing else moves. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { OwnerMoves } from '../../../src/jobs/sqlite/move-owners.js'
import { openSqliteStore } from '../../../src/jobs/sqlite/store.js'
import { jobWith, queued } from '../conformance/records.js'
import { bare, temporary } from './helpers.js'

const owners = ['key-1', 'key-1', 'key-2', 'key-3', 'key-12', 'ann', 'anonymous', 'key-x', 'key-1x']

/** A database as the version before the moves has left it: a job of each owner with an idempotency key, and nothing done yet. */
async function written(dataDir: string): Promise<void> {
  const store = await openSqliteStore({ dataDir })
  for (const [index, owner] of owners.entries()) await store.create(jobWith({ owner }), {}, queued, { key: `idem-${index}`, hash: owner })
  await store.close()
}

/** Opens the store with moves; says what `onMoved` was told, null where it was not called. */
async function open(dataDir: string, moves: OwnerMoves['moves']): Promise<number[] | null> {
  let told: number[] | null = null
  const store = await openSqliteStore({ dataDir, owners: { moves, onMoved: (...counts) => (told = counts) } })
  await store.close()
  return told
}

async function stored(dataDir: string): Promise<{ jobs: unknown[]; idempotency: unknown[] }> {
  const ofJobs = await bare(dataDir, 'SELECT owner FROM jobs ORDER BY n')
  const ofKeys = await bare(dataDir, 'SELECT idempotency.owner FROM idempotency JOIN jobs ON jobs.n = idempotency.job ORDER BY jobs.n')
  return { jobs: ofJobs.map(({ owner }) => owner), idempotency: ofKeys.map(({ owner }) => owner) }
}

const first = { from: 'key-1', to: 'key_1111111111111111' }
const second = { from: 'key-2', to: 'key_2222222222222222' }
const moved = owners.map((owner) => [first, second].find(({ from }) => from === owner)?.to ?? owner)

await t.test('jobs and idempotency keys move, once', async (t) => {
  const dataDir = temporary(t)
  await written(dataDir)
  t.strictSame(await open(dataDir, [first, second]), [3, 2], 'three moved, those of keys that are not there stay')
  t.strictSame(await stored(dataDir), { jobs: moved, idempotency: moved })
  t.equal(await open(dataDir, [first, second]), null, 'a second start says nothing')
  const others = [
    { from: 'key-3', to: first.to },
    { from: first.to, to: 'x' },
  ]
  t.equal(await open(dataDir, others), null, 'nor do other entries move anything later')
  t.strictSame(await stored(dataDir), { jobs: moved, idempotency: moved })
})

await t.test('only entries without a name have a move', async (t) => {
  const dataDir = temporary(t)
  await written(dataDir)
  t.strictSame(await open(dataDir, []), [0, 5])
  t.strictSame((await stored(dataDir)).jobs, owners)
  t.equal(await open(dataDir, [first, second]), null, 'the first start was the one that counts')
  t.strictSame((await stored(dataDir)).jobs, owners)
})

await t.test('a new database has nothing to move, then or later', async (t) => {
  const dataDir = temporary(t)
  t.equal(await open(dataDir, [first, second]), null)
  await written(dataDir)
  t.equal(await open(dataDir, [first, second]), null)
  t.strictSame((await stored(dataDir)).jobs, owners)
})

await t.test('killed in the middle: nothing has moved, and the next start moves all', async (t) => {
  const dataDir = temporary(t)
  await written(dataDir)
  const program = join(import.meta.dirname, 'move-killed.js')
  const { signal, stdout } = spawnSync(process.execPath, [program, join(dataDir, 'jobs.db'), first.from, first.to], {
    env: { ...process.env, NODE_OPTIONS: '' },
    encoding: 'utf8',
  })
  t.equal(signal, 'SIGKILL')
  t.equal(stdout, '')
  t.strictSame(await stored(dataDir), { jobs: owners, idempotency: owners })
  t.strictSame(await open(dataDir, [first, second]), [3, 2])
  t.strictSame(await stored(dataDir), { jobs: moved, idempotency: moved })
})

await t.test('an error in the middle ends the start, and leaves the directory free and as it was', async (t) => {
  const dataDir = temporary(t)
  await written(dataDir)
  // the target's idempotency key is there already: the second statement fails after the first one has moved jobs
  await bare(dataDir, `INSERT INTO idempotency (owner, key, hash, job) VALUES ('${first.to}', 'idem-1', 'x', 1)`)
  await t.rejects(open(dataDir, [first, second]))
  t.strictSame((await stored(dataDir)).jobs, owners)
  await bare(dataDir, `DELETE FROM idempotency WHERE owner = '${first.to}'`)
  t.strictSame(await open(dataDir, [first, second]), [3, 2])
})
