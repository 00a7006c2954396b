/** Which jobs a death of the server counts against, and what becomes of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { JobEvent } from '../../src/jobs/events.js'
import { type Bench, brief, gapless, onBench, readAll, until, untilOnRedis } from './bench.js'
import { jobWith, put, queued, text } from './conformance/records.js'
import type { Append } from '../../src/jobs/store.js'
import type { FaultyStore } from './faulty-store.js'

const never = new AbortController().signal
const begun: JobEvent = { type: 'status', status: 'in_progress', phase: 'starting' }

/** The next server finds what a killed one would have left. */
function killed(bench: Bench, between?: (store: FaultyStore) => Promise<void>) {
  bench.jobs.endedByFault()
  return bench.restart(between)
}

const background = { background: true } as const
/** Kills of servers on Redis are in `test/replicas/dead-servers.test.ts`; what becomes of their jobs, in `recovery.test.ts` as well. */
const kills = { notOnRedis: 'a server that ends after a fault gives its jobs to others as any other does' }

await onBench(t, 'twice in a row', kills, async (t, bench) => {
  const { id } = await bench.submit(background)
  await bench.executor.next()
  t.strictSame(await killed(bench), { queued: 0, rerun: 1, interrupted: 0 })
  await bench.executor.next()
  t.strictSame(await killed(bench), { queued: 0, rerun: 0, interrupted: 1 })
  const job = await bench.jobs.get(id, 'anna')
  t.match(job, { status: 'failed', error: { code: 'interrupted', message: /killed 2 times/ }, answer: null, attempts: 2 })
  const log = await readAll(bench.jobs, id)
  t.ok(gapless(log))
  t.equal(brief(log).at(-1), 'end:failed')
  await sleep(20)
  t.equal(bench.executor.runs.length, 0)
  t.match(bench.troubles.splice(0), [new RegExp(`^${id} is set aside`)], 'the log names it')
})

await onBench(t, 'not in a row', kills, async (t, bench) => {
  const { id } = await bench.submit(background)
  for (const restart of [killed, (bench: Bench) => bench.restart(), killed]) {
    await bench.executor.next()
    t.strictSame(await restart(bench), { queued: 0, rerun: 1, interrupted: 0 })
  }
  const run = await bench.executor.next()
  run.finish()
  t.match(await bench.jobs.wait(id, never), { status: 'completed', attempts: 4 })
})

await onBench(t, 'jobs that waited are not counted', { ...kills, maxConcurrent: 1 }, async (t, bench) => {
  const first = await bench.submit(background)
  const second = await bench.submit({ ...background, owner: 'bert' })
  await bench.executor.next()
  await killed(bench)
  await bench.executor.next()
  await killed(bench)
  bench.troubles.splice(0)
  t.match(await bench.jobs.get(first.id, 'anna'), { status: 'failed' })
  const run = await bench.executor.next()
  t.equal(run.asked.jobId, second.id)
  run.finish()
  t.match(await bench.jobs.wait(second.id, never), { status: 'completed' })
})

await onBench(t, 'suspects run one at a time, others beside them', kills, async (t, bench) => {
  const suspects = [await bench.submit(background), await bench.submit(background), await bench.submit(background)]
  for (let i = 0; i < suspects.length; i++) await bench.executor.next()
  await killed(bench)
  const other = await bench.submit()
  const first = await bench.executor.next()
  const beside = await bench.executor.next()
  t.strictSame([first.asked.jobId, beside.asked.jobId].sort(), [suspects[0]!.id, other.id].sort())
  await sleep(20)
  t.equal(bench.executor.runs.length, 2, 'the other suspects wait')
  t.equal(bench.jobs.stats().queued, 2)
  // one that is cancelled while it waits is passed over
  await bench.jobs.cancel(suspects[1]!.id)
  beside.finish()
  first.finish()
  const last = await bench.executor.next()
  t.equal(last.asked.jobId, suspects[2]!.id)
  last.finish()
  await bench.jobs.wait(last.asked.jobId, never)
})

await onBench(t, 'a suspect that waits for a human lets the next one run', kills, async (t, bench) => {
  const [one, two] = [await bench.submit(background), await bench.submit(background)]
  for (let i = 0; i < 2; i++) await bench.executor.next()
  await killed(bench)
  const first = await bench.executor.next()
  first.settle({
    kind: 'review',
    review: { reason: 'r', attempts: 1, lastResponse: 'x', validationErrors: [], originalRequest: null, resume: null },
  })
  first.leave()
  const second = await bench.executor.next()
  t.equal(second.asked.jobId, two.id)
  second.finish()
  await bench.jobs.wait(two.id, never)
  await bench.jobs.review(one.id, 'retry')
  await bench.executor.next()
  t.match(await killed(bench), { rerun: 1 }, 'its count was cleared when it came to wait')
  const again = await bench.executor.next()
  again.finish()
  await bench.jobs.wait(one.id, never)
})

await onBench(t, 'the start is in the store before the run begins', {}, async (t, bench) => {
  const seen: string[] = []
  const run = bench.executor.run.bind(bench.executor)
  bench.executor.run = (asked) => {
    void bench.store.unfinished().then((jobs) => seen.push(...jobs.map(({ job }) => job.status)))
    return run(asked)
  }
  const { id } = await bench.submit()
  const begun = await bench.executor.next()
  // not ended before the store was looked at: what has ended is not among the unfinished
  await until(() => seen.length > 0)
  t.strictSame(seen, ['in_progress'])
  begun.finish()
  await bench.jobs.wait(id, never)
})

await onBench(t, 'a request that cannot be read ends its job, and its start is stored before', { maxConcurrent: 1 }, async (t, bench) => {
  const calls: unknown[] = []
  const busy = await bench.submit({ owner: 'bert' })
  const { id } = await bench.submit()
  await untilOnRedis(() => bench.executor.runs.length === 1)
  bench.store.before('append', (writes) => {
    for (const { id, record } of writes as Append[]) if (record !== null) calls.push([id, record.status])
  })
  bench.store.before('request', (id) => {
    calls.push([id, 'request'])
    throw new Error('no JSON')
  })
  ;(await bench.executor.next()).finish()
  t.match(await bench.jobs.wait(id, never), { status: 'failed', error: { code: 'internal_error' } })
  t.strictSame(
    calls.filter((call) => (call as string[])[0] === id),
    [
      [id, 'in_progress'],
      [id, 'request'],
      [id, 'failed'],
    ],
  )
  await bench.jobs.wait(busy.id, never)
  bench.troubles.splice(0)
})

await onBench(t, 'a log that kills its reader is not read again', kills, async (t, bench) => {
  const job = jobWith({ background: true })
  const left = async (store: FaultyStore) => {
    await store.create(job, {}, queued)
    await put(store, job.id, begun, text('half'))
    store.before('events', () => {
      throw new Error('stands for a death')
    })
  }
  await t.rejects(killed(bench, left), /stands for a death/)
  t.match(await bench.store.unfinished(), [{ deaths: 1 }], 'it was counted before')
  t.match(await killed(bench), { interrupted: 1 })
  t.match(await bench.jobs.get(job.id, 'anna'), {
    status: 'failed',
    error: { code: 'interrupted', message: /killed 2 times/ },
    answer: null,
  })
  bench.troubles.splice(0)
})
