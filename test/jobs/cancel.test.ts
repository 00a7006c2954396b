/** Cancelling, deleting, and clients that leave. */
import t from 'tap'
import { brief, counted, onBench, readAll, soon, until, untilOnRedis } from './bench.js'

const never = new AbortController().signal
const cancelled = { status: 'cancelled', error: { code: 'cancelled' } }

await onBench(t, 'a job that waits', { maxConcurrent: 1 }, async (t, { jobs, executor, submit, store }) => {
  const [first, second] = [await submit(), await submit()]
  const over = jobs.wait(second.id, never)
  await jobs.cancel(second.id)
  t.hasStrict(await soon(over), cancelled)
  t.hasStrict(await store.get(second.id), { ...cancelled, answer: null, startedAt: null })
  t.strictSame(brief(await readAll(jobs, second.id)), ['status:queued', 'end:cancelled'])
  await untilOnRedis(() => jobs.stats().queued === 0)
  t.hasStrict(await counted(jobs), { queued: 0, running: 1 })
  ;(await executor.next()).finish()
  await jobs.wait(first.id, never)
  t.equal(executor.runs.length, 1, 'it never ran')
})

await onBench(t, 'a job that runs', {}, async (t, { jobs, executor, submit, store }) => {
  executor.obedient = false
  const job = await submit()
  const run = await executor.next()
  run.say('half')
  const cancelling = jobs.cancel(job.id)
  await untilOnRedis(() => run.aborted)
  t.ok(run.aborted)
  t.hasStrict(await soon(jobs.wait(job.id, never)), cancelled, 'its readers are told at once')
  t.equal(await soon(cancelling, 50), 'pending', 'who cancels hears when the work has stopped')
  t.hasStrict(jobs.stats(), { running: 1 })
  run.settle({ kind: 'aborted' })
  run.leave()
  t.not(await soon(cancelling), 'pending')
  t.hasStrict(await store.get(job.id), { ...cancelled, answer: { choices: [{ text: 'half' }] } })
})

await onBench(t, 'twice, and after the end', {}, async (t, { jobs, executor, submit, store }) => {
  const job = await submit()
  await executor.next()
  await Promise.all([jobs.cancel(job.id), jobs.cancel(job.id)])
  const record = await store.get(job.id)
  t.hasStrict(record, cancelled)
  await jobs.cancel(job.id)
  t.strictSame(await store.get(job.id), record)
  t.equal(brief(await readAll(jobs, job.id)).filter((each) => each.startsWith('end')).length, 1)

  const other = await submit()
  ;(await executor.next()).finish()
  await jobs.wait(other.id, never)
  await jobs.cancel(other.id)
  t.hasStrict(await store.get(other.id), { status: 'completed', error: null }, 'a final status never changes')
  await jobs.cancel('task_unknown')
})

await onBench(t, 'twice while it waits: it leaves one place in the queue', { maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  const [first, second] = [await submit(), await submit()]
  await Promise.all([jobs.cancel(second.id), jobs.cancel(second.id)])
  await untilOnRedis(() => jobs.stats().queued === 0)
  t.hasStrict(await counted(jobs), { queued: 0, running: 1 })
  ;(await executor.next()).finish()
  await jobs.wait(first.id, never)
})

await onBench(t, 'a job that has just got its slot', { maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  // at each step between the slot and the executor's start
  for (let ticks = 0; ticks < 12; ticks++) {
    const before = executor.runs.length
    const job = await submit()
    for (let i = 0; i < ticks; i++) await Promise.resolve()
    await jobs.cancel(job.id)
    t.hasStrict(await jobs.wait(job.id, never), cancelled, `after ${ticks} steps`)
    await until(() => jobs.stats().running === 0)
    t.hasStrict(await counted(jobs), { queued: 0, running: 0 })
    t.ok(
      executor.runs.slice(before).every((run) => run.aborted),
      'nothing runs on',
    )
    const events = brief(await readAll(jobs, job.id))
    t.equal(events.filter((each) => each.startsWith('end')).length, 1)
  }
})

await onBench(t, 'at the moment of its own end', {}, async (t, { jobs, executor, submit, store }) => {
  for (let ticks = 0; ticks < 12; ticks++) {
    const job = await submit()
    const run = await executor.next()
    run.say('a')
    run.finish()
    for (let i = 0; i < ticks; i++) await Promise.resolve()
    await jobs.cancel(job.id)
    const record = await store.get(job.id)
    t.ok(record?.status === 'completed' || record?.status === 'cancelled', `after ${ticks} steps: ${record?.status}`)
    const events = await readAll(jobs, job.id)
    t.equal(brief(events).at(-1), `end:${record?.status}`)
    t.equal(events.length, record?.lastSeq)
  }
})

await onBench(t, 'a run that does not obey keeps its slot, and nobody waits for ever', { maxConcurrent: 1 }, async (t, bench) => {
  const { jobs, executor, submit } = bench
  executor.obedient = false
  const job = await submit()
  const run = await executor.next()
  const next = await submit()
  t.equal(await soon(jobs.cancel(job.id), 4000), undefined, 'cancelling answers in the end')
  await untilOnRedis(() => jobs.stats().queued === 1)
  t.hasStrict(await counted(jobs), { queued: 1, running: 1 })
  run.leave()
  run.settle({ kind: 'aborted' })
  ;(await executor.next()).finish()
  t.hasStrict(await jobs.wait(next.id, never), { status: 'completed' })
})

await onBench(t, 'delete', { maxConcurrent: 1 }, async (t, { jobs, executor, submit, store }) => {
  const [running, queued] = [await submit(), await submit()]
  const run = await executor.next()
  const reading = readAll(jobs, running.id)
  t.equal(await jobs.delete(queued.id), true)
  t.equal(await jobs.delete(running.id), true)
  t.ok(run.aborted)
  t.equal(brief(await reading).at(-1), 'end:cancelled', 'readers are told')
  for (const { id } of [running, queued]) {
    t.equal(await jobs.get(id, 'anna'), null)
    t.equal(await store.get(id), null)
    t.strictSame(await readAll(jobs, id), [])
    t.equal(await jobs.delete(id), false)
  }
  const ended = await submit()
  ;(await executor.next()).finish()
  await jobs.wait(ended.id, never)
  t.equal(await jobs.delete(ended.id), true)
  t.equal(await jobs.get(ended.id, 'anna'), null)
})

await onBench(t, 'the last client that leaves takes its job along', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit()
  const run = await executor.next()
  const [one, two] = [jobs.attach(job.id), jobs.attach(job.id)]
  one()
  one()
  t.notOk(run.aborted, 'leaving twice is leaving once')
  two()
  await untilOnRedis(() => run.aborted)
  t.ok(run.aborted)
  t.hasStrict(await jobs.wait(job.id, never), cancelled)
  two()
})

await onBench(t, 'a job that waits goes with its client', { maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  const [first, second] = [await submit(), await submit()]
  const detach = jobs.attach(second.id)
  detach()
  t.hasStrict(await jobs.wait(second.id, never), cancelled)
  await untilOnRedis(() => jobs.stats().queued === 0)
  t.hasStrict(await counted(jobs), { queued: 0, running: 1 })
  ;(await executor.next()).finish()
  await jobs.wait(first.id, never)
})

await onBench(t, 'a background job stays', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit({ background: true })
  const run = await executor.next()
  jobs.attach(job.id)()
  t.notOk(run.aborted)
  run.finish()
  t.hasStrict(await jobs.wait(job.id, never), { status: 'completed' })
  jobs.attach(job.id)()
  jobs.attach('task_unknown')()
  t.hasStrict(await jobs.get(job.id, 'anna'), { status: 'completed' })
})
