/** Where runs are at work: a rest gives the place back, a fallback changes it, a nested job runs in its parent's, and only work is silent. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Limiter } from '../../src/limiter.js'
import { asking, counted, onBench, soon, until, untilOnRedis } from './bench.js'

const never = new AbortController().signal

await onBench(
  t,
  'who rests leaves its place to others, and comes back before the owner’s other jobs',
  { maxConcurrent: 1 },
  async (t, bench) => {
    const { jobs, executor, submit } = bench
    const first = await submit()
    const resting = await executor.next()
    const second = await submit()
    const third = await submit()
    await untilOnRedis(() => jobs.stats().queued === 2)
    t.hasStrict(await counted(jobs), { running: 1, queued: 2 })
    resting.asked.seat.rest()
    await until(() => jobs.stats().queued === 1 && jobs.stats().running === 1)
    t.hasStrict(await counted(jobs), { running: 1, queued: 1 }, 'another one has its place')
    const other = await executor.next()
    t.equal(other.asked.jobId, second.id)
    const back = resting.asked.seat.resume()
    t.equal(await soon(back, 20), 'pending', 'the place is taken')
    other.finish()
    await back
    t.hasStrict(await counted(jobs), { running: 1, queued: 1 }, 'before the job that has not begun')
    resting.finish()
    t.hasStrict(await jobs.wait(first.id, never), { status: 'completed' })
    ;(await executor.next()).finish()
    t.hasStrict(await jobs.wait(third.id, never), { status: 'completed' })
  },
)

await onBench(t, 'the place is kept until nothing of the attempt is left', { maxConcurrent: 1 }, async (t, bench) => {
  const { executor, submit } = bench
  await submit()
  const run = await executor.next()
  let gone!: () => void
  run.asked.seat.rest(new Promise<void>((resolve) => (gone = resolve)))
  await submit()
  t.equal(await soon(executor.next(), 30), 'pending')
  gone()
  await until(() => executor.runs.length === 2)
  executor.runs[1]!.finish()
  await run.asked.seat.resume()
  run.asked.seat.rest(Promise.resolve())
  await run.asked.seat.resume()
  await sleep(10)
  t.hasStrict(bench.jobs.stats(), { running: 1 }, 'a rest that was ended before does not take the place away')
  run.finish()
})

await onBench(t, 'a rest is no silence, however long', { maxConcurrent: 1, idleTimeoutS: 0.2 }, async (t, bench) => {
  const { jobs, executor, submit } = bench
  const { id } = await submit()
  const run = await executor.next()
  run.asked.seat.rest()
  await sleep(500)
  t.hasStrict(await jobs.get(id, 'anna'), { status: 'in_progress' })
  await run.asked.seat.resume()
  await run.asked.seat.silently(sleep(400))
  t.hasStrict(await jobs.get(id, 'anna'), { status: 'in_progress' }, 'nor is work with a limit of its own')
  t.match(await soon(jobs.wait(id, never), 2000), { status: 'failed', error: { code: 'timeout' } }, 'work is')
})

await onBench(t, 'another limiter: the place of the first is given back', { maxConcurrent: 1 }, async (t, bench) => {
  const { executor, submit } = bench
  await submit()
  const run = await executor.next()
  const provider = new Limiter({ bound: 1 })
  const busy = await provider.take('bert')
  const moved = run.asked.seat.take(provider)
  await submit()
  const other = await executor.next()
  t.equal(await soon(moved, 20), 'pending')
  busy.leave()
  await moved
  t.equal(provider.running, 1)
  run.finish()
  other.finish()
  await until(() => provider.running === 0)
})

await onBench(t, 'a cancelled run leaves the line', { maxConcurrent: 1 }, async (t, bench) => {
  const { jobs, executor, submit } = bench
  const { id } = await submit()
  const run = await executor.next()
  const provider = new Limiter({ bound: 1 })
  const busy = await provider.take('bert')
  const moved = run.asked.seat.take(provider)
  const left = t.rejects(moved)
  await jobs.cancel(id)
  await left
  t.equal(provider.waiting, 0)
  busy.leave()
})

await onBench(
  t,
  'what a job asks and waits for runs in its place',
  { maxConcurrent: 1, maxQueued: 0, idleTimeoutS: 0.3 },
  async (t, bench) => {
    const { jobs, executor, submit } = bench
    const parent = await submit()
    const outer = await executor.next()
    const nested = { view: { ignored: [], parent: parent.id } }
    const children = [await submit(nested), await submit(nested)]
    const inner = await executor.next()
    t.equal(inner.asked.jobId, children[0]!.id)
    t.equal(await soon(executor.next(), 30), 'pending', 'one at a time')
    t.hasStrict(jobs.stats(), { running: 1 })
    const alive = setInterval(() => inner.asked.alive(), 50)
    await sleep(700)
    clearInterval(alive)
    t.hasStrict(await jobs.get(parent.id, 'anna'), { status: 'in_progress' }, 'who waits for its question is not silent')
    inner.finish()
    t.hasStrict(await jobs.wait(children[0]!.id, never), { status: 'completed' })
    await until(() => executor.runs.length === 3)
    executor.runs[2]!.finish()
    t.hasStrict(await jobs.wait(children[1]!.id, never), { status: 'completed' })
    outer.finish()
    t.hasStrict(await jobs.wait(parent.id, never), { status: 'completed' })
  },
)

await onBench(t, 'a task that a job starts waits for a place of its own', { maxConcurrent: 1 }, async (t, bench) => {
  const { jobs, executor, submit } = bench
  const parent = await submit()
  const outer = await executor.next()
  const { job } = await jobs.submit(asking({ background: true, view: { ignored: [], parent: parent.id } }))
  t.equal(executor.runs.length, 1)
  t.ok(jobs.waitsForPlace(job), 'and who waits for it inside the job is told so')
  outer.finish()
  ;(await executor.next()).finish()
  t.hasStrict(await jobs.wait(job.id, never), { status: 'completed' })
})
