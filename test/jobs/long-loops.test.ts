/** What goes through thousands of records does so in steps, with turns for others in between, and asks the store for little. */
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { readContext } from '../../src/http/response-context.js'
import type { Jobs } from '../../src/jobs/jobs.js'
import { readLog } from '../../src/jobs/reader.js'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import type { JobStore } from '../../src/jobs/store.js'
import { recordedEcho, toEcho } from '../../src/openai/responses/echo.js'
import { outputItemId } from '../../src/openai/responses/ids.js'
import { KeptFiles } from '../../workspace/kept-files.js'
import { ending, jobWith, put, queued, text } from './conformance/records.js'
import { temporary } from './sqlite/helpers.js'

const signal = new AbortController().signal

/** Rounds of the event loop while a task is done. */
async function turnsOf(task: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let running = true
  const counting = (async () => {
    for (; running; turns++) await turn()
  })()
  await task()
  running = false
  await counting
  return turns
}

async function opened(t: Parameters<typeof temporary>[0]): Promise<JobStore> {
  const store = await openSqliteStore({ dataDir: temporary(t) })
  t.teardown(() => store.close())
  return store
}

/** An ended job with a log of that many texts. */
async function ended(store: JobStore, texts: number, view = {}, words = 'x'): Promise<string> {
  const job = jobWith({ ttlS: 0, view: { ignored: [], ...view } })
  await store.create(job, {}, queued)
  await put(store, job.id, ...Array.from({ length: texts }, () => text(words)), ending('completed'))
  return job.id
}

await t.test('a page of events has so many, or so many characters', async (t) => {
  const store = await opened(t)
  const id = await ended(store, 40, {}, 'x'.repeat(8000))
  const page = await store.events(id, 0, 500)
  t.ok(page.length > 5 && page.length < 15, `${page.length} events`)
  t.strictSame(
    page.map(({ seq }) => seq),
    page.map((_, index) => index + 1),
  )
  t.equal((await store.events(id, 5, 3)).length, 3)
  t.strictSame(await store.events(id, 42, 500), [])
  const read: number[] = []
  for await (const batch of readLog(store, id, undefined, { after: 0, durable: false, signal })) for (const { seq } of batch) read.push(seq)
  t.strictSame(
    read,
    Array.from({ length: 42 }, (_, index) => index + 1),
    'nothing is left out between pages',
  )
  const large = await ended(store, 2, {}, 'x'.repeat(3_000_000))
  t.equal((await store.events(large, 1, 500)).length, 1, 'one that is larger than a page is one')
})

await t.test('a log of 60,000 events', async (t) => {
  const store = await opened(t)
  const id = await ended(store, 60_000)
  let count = 0
  const turns = await turnsOf(async () => {
    for await (const batch of readLog(store, id, undefined, { after: 0, durable: false, signal })) count += batch.length
  })
  t.equal(count, 60_002)
  t.ok(turns > 1, `${turns} turns`)
})

await t.test('200 references to items of two responses', async (t) => {
  const store = await opened(t)
  const view = { response: recordedEcho(toEcho({ model: 'sonnet', input: 'x' })) }
  const ids = [await ended(store, 2000, view), await ended(store, 2000, view)]
  let reads = 0
  const jobs = {
    get: (id: string) => store.get(id),
    read: (id: string, options: Parameters<typeof readLog>[3]) => {
      reads += 1
      return readLog(store, id, undefined, options)
    },
  } as unknown as Jobs
  const input = Array.from({ length: 200 }, (_, index) => ({ type: 'item_reference', id: outputItemId('message', ids[index % 2]!, 0) }))
  const { items } = await readContext(jobs, { model: 'sonnet', input }, jobWith().owner)
  t.equal(items.length, 200)
  t.equal(reads, 2, 'each log is read once')
})

await t.test('the files of 2,000 tasks', async (t) => {
  const folder = temporary(t)
  for (let index = 0; index < 2000; index++) mkdirSync(path.join(folder, `task_${index}`))
  const asked: number[] = []
  const turns = await turnsOf(() =>
    new KeptFiles(folder).sweep(async (jobs) => {
      asked.push(jobs.length)
      return new Set(jobs.filter((job) => job !== 'task_7'))
    }),
  )
  t.strictSame(asked, Array<number>(10).fill(200))
  t.ok(turns >= 10, `${turns} turns`)
  t.equal(readdirSync(folder).length, 1999)
})

await t.test('pruning where webhooks wait, and finding those that are due', async (t) => {
  const store = await opened(t)
  const hosts = 1300
  const now = jobWith().createdAt + 10_000
  for (let index = 0; index < hosts; index++)
    await ended(store, 1, { webhookUrl: `https://h${index % 2 === 0 ? index : hosts * 2 - index}.example/` })
  await ended(store, 1)
  // a millisecond goes by with each look at the clock: a fast machine would be done within one step
  let at = 0
  const clock = t.intercept(performance, 'now', { value: () => at++ })
  const turns = await turnsOf(async () => t.equal(await store.prune(now), 1))
  clock.restore()
  t.ok(turns > 10, `${turns} turns`)
  let due = await store.webhooks.due(now, 8, 32)
  t.equal(due.length, 32)
  t.ok((await turnsOf(() => store.webhooks.due(now, 8, 32))) > 1)
  // those that have waited longest come first, wherever their hosts stand
  const all = await store.webhooks.due(now, 8, hosts)
  t.equal(all.length, hosts)
  for (const { id } of all.slice(0, -3)) await store.webhooks.postpone(id, now + 1000)
  due = await store.webhooks.due(now, 8, 32)
  t.strictSame(due, all.slice(-3))
})

await t.test('what has not ended is read in steps', async (t) => {
  const store = await opened(t)
  const ids: string[] = []
  for (let index = 0; index < 3; index++) {
    const job = jobWith({ createdAt: 1000 + index })
    ids.push(job.id)
    await store.create(job, {}, queued)
    // a review has what was said so far
    await put(store, job.id, text('x'.repeat(20_000_000)), { type: 'review', reason: 'r' })
  }
  const turns = await turnsOf(async () =>
    t.strictSame(
      (await store.unfinished()).map(({ job }) => job.id),
      ids,
    ),
  )
  t.ok(turns > 1, `${turns} turns`)
})
