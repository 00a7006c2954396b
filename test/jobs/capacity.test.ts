/** Slots and places in the queue. */
import t from 'tap'
import { BridgeError } from '../../src/errors/catalogue.js'
import { asking, counted, network, onBench, refusal, requestOf, soon, until, untilOnRedis } from './bench.js'

const noLimits = { admit: () => null, storedBytesOf: () => undefined, runningOf: () => undefined, budgetSpent: () => false }
const never = new AbortController().signal

await onBench(t, 'no more run than there are slots', { maxConcurrent: 2 }, async (t, { jobs, executor, submit }) => {
  const ids: string[] = []
  const begun = async () => (await Promise.all(ids.map((id) => jobs.get(id, 'anna')))).filter((job) => job?.startedAt !== null).length
  for (let i = 0; i < 5; i++) ids.push((await submit()).id)
  await until(() => executor.runs.length === 2)
  t.strictSame(await counted(jobs), { queued: 3, running: 2, slots: 2, maxQueued: 100, hasRoom: true })
  for (let i = 0; i < 5; i++) {
    const run = await executor.next()
    // of the two that have begun either may have its request first
    t.ok(ids.slice(0, i + 2).includes(run.asked.jobId), 'in the order they came')
    const most = Math.min(5, i + 2)
    await untilOnRedis(async () => (await begun()) === most)
    t.equal(await begun(), most)
    run.finish()
    await jobs.wait(run.asked.jobId, never)
  }
})

await onBench(t, 'a slot is held until nothing of the run is left', { maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  const [first, second] = [await submit(), await submit()]
  const run = await executor.next()
  run.settle({ kind: 'finished', reason: 'stop' })
  t.hasStrict(await soon(jobs.wait(first.id, never)), { status: 'completed' }, 'the answer does not wait')
  t.equal(await soon(executor.next(), 50), 'pending')
  t.strictSame(await counted(jobs), { queued: 1, running: 1, slots: 1, maxQueued: 100, hasRoom: true })
  run.leave()
  await until(() => executor.runs.length === 2)
  executor.runs[1]!.finish()
  t.hasStrict(await jobs.wait(second.id, never), { status: 'completed' })
})

for (const { maxConcurrent, maxQueued } of [
  { maxConcurrent: 2, maxQueued: 3 },
  { maxConcurrent: 3, maxQueued: 0 },
  { maxConcurrent: 1, maxQueued: 0 },
]) {
  const name = `a burst: ${maxConcurrent} slots, ${maxQueued} places`
  await onBench(t, name, { maxConcurrent, maxQueued }, async (t, { jobs, executor }) => {
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => jobs.submit(asking())))
    const accepted = answers.filter((answer) => answer.status === 'fulfilled')
    const refused = answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => reason as unknown)
    t.equal(accepted.length, maxConcurrent + maxQueued)
    t.equal(refused.length, 50 - accepted.length)
    t.ok(refused.every((error) => error instanceof BridgeError && error.failure.code === 'queue_full'))
    const { retryAfter } = (refused[0] as BridgeError).failure
    t.ok(Number.isInteger(retryAfter) && retryAfter! > 0)
    await untilOnRedis(() => jobs.stats().running === maxConcurrent)
    t.hasStrict(await counted(jobs), { queued: maxQueued, running: maxConcurrent })

    t.equal(await refusal(jobs.submit(asking())), 'queue_full')
    ;(await executor.next()).finish()
    const taken = maxConcurrent + maxQueued
    await until(() => jobs.stats().queued + jobs.stats().running < taken)
    // the next one of the line begins
    await untilOnRedis(
      async () =>
        (await counted(jobs)).queued === Math.max(0, maxQueued - 1) && jobs.stats().running === Math.min(maxConcurrent, taken - 1),
    )
    await t.resolves(jobs.submit(asking()), 'one that ends makes room for one')
    t.equal(await refusal(jobs.submit(asking())), 'queue_full')
    for (let ended = 1; ended < maxConcurrent + maxQueued + 1; ended++) (await executor.next()).finish()
  })
}

await onBench(t, 'submits at every moment of others are counted right', { maxConcurrent: 8, maxQueued: 0 }, async (t, bench) => {
  const { jobs, executor } = bench
  // each begins a little later within the same turn of the event loop: some come while others are being stored
  const late = async (ticks: number) => {
    for (let i = 0; i < ticks; i++) await Promise.resolve()
    return jobs.submit(asking())
  }
  const answers = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => late(i)))
  t.equal(answers.filter(({ status }) => status === 'fulfilled').length, 8, 'nobody is counted twice')
  for (let i = 0; i < 8; i++) (await executor.next()).finish()
})

await onBench(t, 'owners take turns', { maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  const order: string[] = []
  const ids: string[] = []
  for (const owner of ['a', 'a', 'a', 'a', 'b', 'c']) ids.push((await submit({ owner })).id)
  for (let i = 0; i < 6; i++) {
    const run = await executor.next()
    order.push('aaaabc'[ids.indexOf(run.asked.jobId)]!)
    run.finish()
  }
  t.strictSame(order.join(''), 'aabcaa')
  await jobs.wait(ids[3]!, never)
})

await onBench(t, 'a submit that the store refuses takes no place', { maxConcurrent: 1, maxQueued: 0 }, async (t, bench) => {
  const { jobs, executor, store, submit } = bench
  store.before('create', () => {
    throw new Error('disk full')
  })
  await t.rejects(submit(), { message: 'disk full' })
  t.hasStrict(await counted(jobs), { queued: 0, running: 0 })
  store.before('create', null)
  await submit()
  ;(await executor.next()).finish()
})

await onBench(t, 'jobs of another owner are not found', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit({ owner: 'anna' })
  t.equal(await jobs.get(job.id, 'bob'), null)
  t.hasStrict(await jobs.get(job.id, 'anna'), { id: job.id })
  ;(await executor.next()).finish()
  await jobs.wait(job.id, never)
  t.equal(await jobs.get(job.id, 'bob'), null, 'nor when they have ended')
  t.hasStrict(await jobs.get(job.id, 'anna'), { id: job.id })
  t.equal(await jobs.get('task_unknown', 'anna'), null)
  t.strictSame((await jobs.list({ owner: 'bob', limit: 10, order: 'desc' })).jobs, [])
})

await onBench(
  t,
  'an owner whose jobs take all that they may in the store',
  { limits: { ...noLimits, storedBytesOf: (owner) => (owner === 'anna' ? 5000 : undefined) } },
  async (t, { jobs, executor, submit }) => {
    const idempotency = { key: 'once', hash: 'h' }
    const first = await submit({ request: requestOf('x'.repeat(6000)), idempotency })
    t.equal(await refusal(submit()), 'insufficient_quota')
    t.equal((await submit({ idempotency })).id, first.id, 'what is there can still be joined')
    ;(await executor.next()).finish()
    await jobs.wait(first.id, never)
    t.equal((await jobs.get(first.id, 'anna'))?.status, 'completed', 'what was at work goes on')
    const other = await submit({ owner: 'bert', request: requestOf('x'.repeat(6000)) })
    ;(await executor.next()).finish()
    await jobs.wait(other.id, never)
    await jobs.delete(first.id)
    await submit()
    ;(await executor.next()).finish()
  },
)

let asked = 0
const once = { ...noLimits, admit: () => (++asked > 2 ? new BridgeError('rate_limit_exceeded', 'enough') : null) }
await onBench(
  t,
  'a job that another one waits for counts as its owner’s request',
  { limits: once },
  async (t, { jobs, executor, submit }) => {
    const parent = await submit()
    const run = await executor.next()
    const view = { ignored: [], parent: parent.id }
    const child = await submit({ view })
    t.equal(await refusal(submit({ view })), 'rate_limit_exceeded', 'it waits in no line, and has its owner’s limits')
    ;(await executor.next()).finish()
    await jobs.wait(child.id, never)
    run.finish()
  },
)

await onBench(t, 'the list shows jobs as they are now', { maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  const [first, second] = [await submit(), await submit()]
  const run = await executor.next()
  const page = await jobs.list({ owner: 'anna', limit: 10, order: 'asc' })
  t.hasStrict(page, {
    hasMore: false,
    jobs: [
      { id: first.id, status: 'in_progress' },
      { id: second.id, status: 'queued' },
    ],
  })
  run.finish()
  ;(await executor.next()).finish()
  await jobs.wait(second.id, never)
})

await onBench(t, 'who waits for a place', { maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  const [first, second] = [await submit(), await submit()]
  const run = await executor.next()
  t.notOk(jobs.waitsForPlace((await jobs.get(first.id, 'anna'))!), 'not the one that runs')
  t.ok(jobs.waitsForPlace((await jobs.get(second.id, 'anna'))!))
  const other = await submit(network)
  t.notOk(jobs.waitsForPlace(other), 'nor one for which there is one')
  run.finish()
  ;(await executor.next()).finish()
  ;(await executor.next()).finish()
  await jobs.wait(second.id, never)
  t.notOk(jobs.waitsForPlace((await jobs.get(second.id, 'anna'))!), 'nor one that has ended')
})

await onBench(t, 'a job is at work until its end is decided', {}, async (t, { jobs, executor, submit }) => {
  const [ended, cancelled] = [await submit(), await submit()]
  t.match(jobs.atWork(ended.id), { id: ended.id, owner: 'anna' })
  ;(await executor.next()).finish()
  await jobs.wait(ended.id, never)
  t.equal(jobs.atWork(ended.id), null)
  await executor.next()
  const cancelling = jobs.cancel(cancelled.id)
  t.equal(jobs.atWork(cancelled.id), null, 'before the end is stored')
  await cancelling
  t.equal(jobs.atWork('task_unknown'), null)
})
