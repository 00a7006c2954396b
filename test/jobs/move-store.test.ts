/** What a server has kept in its data directory is the same on Redis. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { isSame, moveStore } from '../../src/jobs/move-store.js'
import { RedisConnection } from '../../src/jobs/redis/connection.js'
import { openRedisStore } from '../../src/jobs/redis/store.js'
import { emptyRow } from '../../src/jobs/spending.js'
import { loadDriver } from '../../src/jobs/sqlite/driver.js'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import type { JobStore } from '../../src/jobs/store.js'
import { RedisFiles } from '../../src/replicas/files.js'
import { startServer } from '../chaos/server-process.js'
import { startRedis, withRedis } from '../redis.js'
import { keyOf } from './conformance/keys.js'
import { addJob, ending, epoch, jobWith, logged, put, queued, running, text } from './conformance/records.js'

const program = path.join(import.meta.dirname, '../../src/cli/main.js')
const always = { from: 0, to: 100_000_000_000, limit: 1000, by: { owner: true, model: true, span: 'hour' } } as const

function temporary(t: Test): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'move-store-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A store with something of everything; resolves with the ids. */
async function filled(dataDir: string): Promise<string[]> {
  const store = await openSqliteStore({ dataDir })
  const forgotten = await addJob(store)
  const ids = [
    await addJob(store, { owner: 'bert', background: true, model: 'a\0"model"', metadata: { a: 'b' } }),
    await addJob(store, { createdAt: epoch + 5, view: { ignored: ['seed'], webhookUrl: 'https://a.example/x', lane: 'network' } }),
  ]
  await put(store, ids[1]!, running, ...Array.from({ length: 500 }, (_, index) => text(`${index} \ud800é`)), ending('completed'))
  const withKey = jobWith({ background: true })
  await store.create(withKey, { of: 'the key' }, queued, { key: 'k', hash: 'h' })
  const usage = [{ ...emptyRow('opus'), requests: 1, input: 100, output: 7, nanoUsd: 12 }]
  await store.append([{ id: withKey.id, after: 1, events: logged(2, running, { type: 'review', reason: 'r' }), record: null, usage }])
  await put(store, withKey.id, { type: 'review', reason: 'again' })
  await store.countDeaths(ids[0]!, 1)
  for (const id of ['zz', 'aa']) await store.keys.put(keyOf(id))
  await store.delete(forgotten)
  await store.close()
  return [...ids, withKey.id]
}

/** All that the interface says of the jobs. */
async function told(store: JobStore, ids: readonly string[]) {
  const jobs = await Promise.all(
    ids.map(async (id) => ({
      job: await store.get(id),
      request: await store.request(id),
      events: await store.events(id, 0, 10_000),
    })),
  )
  const lists = await Promise.all(
    (['asc', 'desc'] as const).flatMap((order) =>
      [undefined, 'anna', 'bert'].map((owner) => store.list({ order, limit: 100, ...(owner === undefined ? {} : { owner }) })),
    ),
  )
  return {
    jobs,
    lists,
    unfinished: await store.unfinished(),
    earlier: await store.earlier('anna', { key: 'k', hash: 'h' }),
    other: await store.earlier('bert', { key: 'k', hash: 'h' }),
    bytes: [await store.storedBytes('anna'), await store.storedBytes('bert')],
    usage: await store.usage(always),
    webhooks: await store.webhooks.due(Date.now(), 10, 10),
    next: await store.webhooks.nextAt(),
    keys: await store.keys.all(),
    count: (await store.health()).jobs,
  }
}

await t.test('moving to Redis', withRedis, async (t) => {
  const { url } = await startRedis(t)
  let prefixes = 0
  const fresh = () => `${url}?prefix=${prefixes++}:`
  const move = (from: string, to: string, onCopied?: (id: string) => void) =>
    moveStore({ from, to, onUnreadable: ({ id }) => t.fail(`${id} cannot be read`), ...(onCopied && { onCopied }) })
  const client = new Redis(url)
  t.teardown(() => client.disconnect())

  await t.test('everything reads the same, and the directory is as it was', async (t) => {
    const [dataDir, to] = [temporary(t), fresh()]
    const ids = await filled(dataDir)
    const compared = await move(dataDir, to)
    t.ok(isSame(compared))
    t.match(compared, { jobs: { redis: 3 }, idempotency: { redis: 1 }, webhooks: { redis: 1 }, keys: { redis: 2 } })

    const sqlite = await openSqliteStore({ dataDir })
    t.teardown(() => sqlite.close())
    const redis = await openRedisStore({ url: to })
    t.teardown(() => redis.close())
    const [before, after] = [await told(sqlite, ids), await told(redis, ids)]
    t.strictSame(after, before)
    t.equal(after.jobs[1]!.events.length, 503)

    const month = new Date().toISOString().slice(0, 7)
    t.equal(await client.hget(`${prefixes - 1}:spent:anna`, month), '12', 'budgets go on')
    await put(redis, ids[0]!, running, ending('completed'))
    const next = await addJob(redis)
    t.strictSame(await redis.list({ order: 'desc', limit: 1, owner: 'anna' }), {
      jobs: [await redis.get(ids[1]!)],
      hasMore: true,
      cut: false,
    })
    t.equal((await redis.list({ order: 'asc', limit: 100 })).jobs.at(-2)?.id, next, 'behind those of its time')
    for (const id of [...ids, next]) t.ok(await redis.delete(id))
    t.strictSame([await redis.storedBytes('anna'), await redis.storedBytes('bert')], [0, 0])
    await t.rejects(move(dataDir, to), /in use/, 'while a server has the directory')
  })

  await t.test('a move that broke off is gone on with', async (t) => {
    const [dataDir, to] = [temporary(t), fresh()]
    const ids = await filled(dataDir)
    const crash = new Error('broken off')
    let copied = 0
    const breakOff = () => {
      copied += 1
      if (copied === 2) throw crash
    }
    await t.rejects(move(dataDir, to, breakOff), crash)
    await t.rejects(move(temporary(t), to), /there is no job database/)
    const other = temporary(t)
    await filled(other)
    await t.rejects(move(other, to), /is being filled from/)
    const server = startServer({ STORE_URL: to, DATA_DIR: temporary(t), ANTHROPIC_API_KEY: 'none' })
    await t.rejects(server, /ended at once/, 'no server starts on half of the tasks')
    // half of a log, whose job is not there yet
    await client.xadd(`${prefixes - 1}:log:${ids[2]}`, '1-0', 'at', '1', 'event', '{}')
    const again: string[] = []
    t.ok(isSame(await move(dataDir, to, (id) => again.push(id))))
    t.strictSame(again, ids.slice(2), 'what was there is not copied again')
    const redis = await openRedisStore({ url: to })
    t.teardown(() => redis.close())
    t.equal((await redis.events(ids[2]!, 0, 10)).length, 4)
    t.match(await redis.usage(always), [{ input: 100 }])
    await t.rejects(move(dataDir, to), /not empty/, 'when it has ended it is done once')
  })

  await t.test('a prefix that is in use is refused', async (t) => {
    const [dataDir, to] = [temporary(t), fresh()]
    await filled(dataDir)
    await client.set(`${prefixes - 1}:replica:abc`, '1')
    await t.rejects(move(dataDir, to), /a server is at work/)
    const full = fresh()
    const store = await openRedisStore({ url: full })
    await addJob(store)
    await store.close()
    await t.rejects(move(dataDir, full), /not empty/)
  })

  await t.test('the command', async (t) => {
    const [dataDir, to] = [temporary(t), fresh()]
    const [id] = await filled(dataDir)
    mkdirSync(path.join(dataDir, 'files', id!, 'a'), { recursive: true })
    writeFileSync(path.join(dataDir, 'files', id!, 'a', 'b.txt'), 'left')
    const run = (...more: string[]) => promisify(execFile)(process.execPath, [program, 'move-to-redis', '--from', dataDir, ...more])
    const unreadable = (await loadDriver())(path.join(dataDir, 'jobs.db'))
    unreadable.exec(`INSERT INTO jobs SELECT 99, 'task_odd', owner, status, '{', background, choices, attempts, created_at, started_at,
      completed_at, expires_at, ttl_s, timeout_s, last_seq, delivered, used_tools, metadata, view, error, answer, review, deaths, format,
      bytes FROM jobs LIMIT 1`)
    unreadable.close()
    const before = readFileSync(path.join(dataDir, 'jobs.db')).length
    const { stdout } = await run('--to', to, '--with-files')
    t.match(stdout, /^jobs +3 +3$/m)
    t.match(stdout, /task_odd: its part model cannot be read/)
    t.match(stdout, /3 tasks copied in this run/)
    t.match(stdout, /files of 1 tasks copied/)
    t.equal(readFileSync(path.join(dataDir, 'jobs.db')).length, before)
    const connection = await RedisConnection.open({ url: to })
    t.teardown(() => connection.close())
    t.equal((await new RedisFiles(connection).open(id!, 'a/b.txt'))?.bytes, 4)
    await t.rejects(run(), { code: 2 })
    await t.rejects(run('--to', to), { code: 1, stderr: /^claude-bridge: that prefix is not empty/ })
  })
})
