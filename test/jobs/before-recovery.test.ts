/** What is asked of jobs while a new server has not taken up yet what an earlier one left. */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Bench, asking, brief, onBench, onRedis, readAll, refusal, requestOf, soon } from './bench.js'
import { jobWith, put, queued, running } from './conformance/records.js'
import { barrier } from './faulty-store.js'

const never = new AbortController().signal

/** A job that ran when its server was killed; the next server's recovery is held up until `open`. */
async function held(bench: Bench): Promise<{ id: string; restarted: Promise<unknown>; open: () => void }> {
  const gate = barrier()
  const job = jobWith({ createdAt: Date.now(), background: true })
  let reached!: () => void
  const atRecovery = new Promise<void>((resolve) => (reached = resolve))
  const restarted = bench.restart(async (store) => {
    await store.create(job, requestOf('hi'), queued)
    await put(store, job.id, running)
    store.before('unfinished', () => {
      reached()
      return gate.passed
    })
  })
  await atRecovery
  return { id: job.id, restarted, open: () => gate.open() }
}

await onBench(t, 'a job is read from the store', {}, async (t, bench) => {
  const { id, restarted, open } = await held(bench)
  t.hasStrict(await soon(bench.jobs.get(id, 'anna')), { id, status: 'in_progress' })
  t.equal((await bench.jobs.list({ owner: 'anna', limit: 10 } as never)).jobs.length, 1)
  t.hasStrict(await soon(bench.jobs.wait(id, never, 100)), { status: 'in_progress' }, 'who waits does so as long as was said')
  const gone = new AbortController()
  const waited = bench.jobs.wait(id, gone.signal)
  gone.abort()
  t.hasStrict(await soon(waited), { status: 'in_progress' }, 'or until the client leaves')
  const ended = bench.jobs.wait(id, never)
  const log = readAll(bench.jobs, id)
  t.equal(await soon(Promise.race([ended, log]), 50), 'pending')
  open()
  await restarted
  ;(await bench.executor.next()).finish()
  t.hasStrict(await ended, { status: 'completed' })
  t.strictSame(brief(await log).at(-1), 'end:completed')
})

await onBench(t, 'cancelling waits', {}, async (t, bench) => {
  const { id, restarted, open } = await held(bench)
  const cancelled = bench.jobs.cancel(id)
  t.equal(await soon(cancelled, 50), 'pending')
  // on Redis another server may have the job, and is not waited for for long
  if (onRedis) await cancelled
  open()
  await restarted
  t.equal(await soon(cancelled), undefined)
  if (onRedis) await bench.jobs.wait(id, never)
  t.hasStrict(await bench.jobs.get(id, 'anna'), { status: 'cancelled' })
  for (const { leave } of bench.executor.runs) leave()
})

await onBench(t, 'new jobs wait, and are not taken for old ones', {}, async (t, bench) => {
  const { id, restarted, open } = await held(bench)
  const submitted = bench.submit()
  await sleep(50)
  t.equal(bench.executor.runs.length, 0)
  open()
  await restarted
  const { id: own } = await submitted
  const [first, second] = [await bench.executor.next(), await bench.executor.next()]
  t.strictSame([first.asked.jobId, second.asked.jobId].sort(), [id, own].sort())
  for (const run of [first, second]) run.finish()
  for (const each of [id, own]) t.hasStrict(await bench.jobs.wait(each, never), { status: 'completed' })
  t.equal((await bench.jobs.get(own, 'anna'))!.attempts, 1)
})

await onBench(t, 'an end waits for it, and starts nothing', {}, async (t, bench) => {
  const { id, restarted, open } = await held(bench)
  const submitted = refusal(bench.jobs.submit(asking()))
  const stopped = bench.jobs.stopAll()
  t.equal(await soon(stopped, 50), 'pending')
  open()
  await restarted
  t.equal(await soon(stopped), undefined)
  t.equal(await submitted, 'server_shutdown')
  t.equal(bench.executor.runs.length, 0)
  await finishLater(t, bench, id)
})

const noted = { notOnRedis: 'no server notes how it has ended: each has leases, which run out' }
await onBench(t, 'a server that never came to it leaves no trace', noted, async (t, bench) => {
  const job = jobWith({ createdAt: Date.now(), background: true })
  let inOrder: boolean | undefined
  const counts = await bench.restart(async (store) => {
    // killed
    await store.begin()
    await store.create(job, requestOf('hi'), queued)
    await put(store, job.id, running)
    const between = bench.another(store)
    const submitted = refusal(between.submit(asking()))
    await between.stopAll()
    t.equal(await submitted, 'server_shutdown')
    t.equal(await refusal(between.cancel(job.id)), 'server_shutdown')
    t.strictSame(await between.start(), { queued: 0, rerun: 0, interrupted: 0 })
    inOrder = (await store.begin()).inOrder
  })
  t.equal(inOrder, false, 'the kill before it is remembered')
  t.hasStrict(counts, { rerun: 1 })
  ;(await bench.executor.next()).finish()
  t.hasStrict(await bench.jobs.wait(job.id, never), { status: 'completed' })
})

async function finishLater(t: Test, bench: Bench, id: string): Promise<void> {
  await bench.restart()
  ;(await bench.executor.next()).finish()
  t.hasStrict(await bench.jobs.wait(id, never), { status: 'completed' })
}
