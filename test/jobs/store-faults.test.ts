/** A store that fails or is slow: jobs end for whoever waits, nothing hangs, nothing is left unhandled. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { LoggedEvent } from '../../src/jobs/events.js'
import { put } from './conformance/records.js'
import { brief, counted, follow, gapless, onBench, onRedis, readAll, soon, until } from './bench.js'
import { barrier, statusesIn } from './faulty-store.js'

const never = new AbortController().signal
const review = { reason: 'r', attempts: 1, lastResponse: 'a', validationErrors: [], originalRequest: null, resume: null }
const internal = { status: 'failed', error: { code: 'internal_error' } }
const full = () => {
  throw new Error('disk full')
}

const unhandled: unknown[] = []
const note = (error: unknown) => unhandled.push(error)
process.on('unhandledRejection', note)
t.teardown(() => process.off('unhandledRejection', note))

await onBench(t, 'events cannot be stored', {}, async (t, { jobs, executor, submit, store, troubles }) => {
  const job = await submit()
  const events: LoggedEvent[] = []
  const reading = follow(jobs, job.id, events)
  const run = await executor.next()
  store.before('append', (writes) => {
    if (!statusesIn(writes).includes('failed')) full()
  })
  run.say('a')
  t.hasStrict(await soon(jobs.wait(job.id, never)), internal)
  t.not(await soon(reading), 'pending')
  t.ok(run.aborted)
  t.hasStrict(await store.get(job.id), internal, 'the end could be stored')
  t.strictSame(await store.events(job.id, 0, 100), events, 'with the events before it')
  t.equal(brief(events).at(-1), 'end:failed')
  t.match(troubles.splice(0), [/disk full/])
})

await onBench(t, 'the start cannot be stored', {}, async (t, { jobs, executor, submit, store, troubles }) => {
  let failing = true
  store.before('append', () => {
    if (failing) full()
  })
  const job = await submit()
  await until(() => troubles.length > 0)
  failing = false
  t.hasStrict(await soon(jobs.wait(job.id, never)), internal)
  await until(() => jobs.stats().running === 0)
  t.ok(
    executor.runs.every((run) => run.aborted),
    'the run that had begun meanwhile is stopped',
  )
  troubles.splice(0)
})

await onBench(t, 'only the write of the start fails', {}, async (t, { jobs, submit, store, troubles }) => {
  store.before('append', (writes) => {
    if (statusesIn(writes).includes('in_progress')) full()
  })
  const job = await submit()
  t.hasStrict(await soon(jobs.wait(job.id, never)), internal)
  t.hasStrict(await store.get(job.id), internal, 'the end is stored')
  t.ok(gapless(await store.events(job.id, 0, 100)))
  await until(() => jobs.stats().running === 0)
  t.match(troubles.splice(0), [/disk full/])
})

await onBench(t, 'the request cannot be read', { maxConcurrent: 1 }, async (t, bench) => {
  const { jobs, executor, submit, store, troubles } = bench
  // one that begins at once has its request in hand, but on Redis, where any server may begin it
  if (!onRedis) store.before('request', full)
  await submit()
  const run = await executor.next()
  store.before('request', full)
  const job = await submit({ choices: 2 })
  run.finish()
  t.hasStrict(await soon(jobs.wait(job.id, never)), internal)
  await until(() => jobs.stats().running === 0)
  t.hasStrict(await store.get(job.id), internal)
  troubles.splice(0)
})

await onBench(t, 'the end cannot be stored', {}, async (t, { jobs, executor, submit, store, troubles }) => {
  const job = await submit()
  const events: LoggedEvent[] = []
  const readings = [follow(jobs, job.id, events), readAll(jobs, job.id, { durable: true })]
  const over = jobs.wait(job.id, never)
  const run = await executor.next()
  run.say('a')
  await until(() => events.length === 3)
  store.before('append', full)
  run.finish()
  t.hasStrict(await soon(over), { status: 'completed' })
  t.not(await soon(Promise.all(readings)), 'pending')
  t.equal(brief(events).at(-1), 'end:completed')
  t.hasStrict(await jobs.get(job.id, 'anna'), { status: 'completed' }, 'who asks later is told the same')
  t.hasStrict((await jobs.list({ owner: 'anna', limit: 1, order: 'desc' })).jobs, [{ status: 'completed' }])
  t.strictSame(await readAll(jobs, job.id), events, 'and reads the same')
  t.equal(await soon(jobs.cancel(job.id)), undefined)
  t.hasStrict(await jobs.get(job.id, 'anna'), { status: 'completed' })
  t.match(troubles.splice(0), [/disk full/])

  t.equal(await jobs.delete(job.id), true)
  t.equal(await jobs.get(job.id, 'anna'), null, 'deleted is deleted')
  store.before('append', null)
})

await onBench(t, 'an end that could not be stored is stored later', {}, async (t, bench) => {
  const { jobs, executor, submit, store, troubles } = bench
  const job = await submit({ background: true })
  const run = await executor.next()
  run.say('a')
  store.before('append', full)
  run.finish()
  await jobs.wait(job.id, never)
  t.match(troubles.splice(0), [/disk full/])
  store.before('append', null)
  await bench.restart()
  t.hasStrict(await bench.jobs.get(job.id, 'anna'), { status: 'completed', answer: { choices: [{ text: 'a' }] } })
  t.ok(gapless(await readAll(bench.jobs, job.id)))
})

await onBench(t, 'the end comes while events are being written, and that write fails', {}, async (t, bench) => {
  const { jobs, executor, submit, store, troubles } = bench
  const job = await submit()
  const run = await executor.next()
  const gate = barrier()
  let first = true
  store.before('append', async () => {
    if (!first) return
    first = false
    await gate.passed
    full()
  })
  run.say('a')
  await sleep(10)
  run.say('b')
  run.finish()
  await sleep(10)
  gate.open()
  t.match(await soon(jobs.wait(job.id, never)), { status: /completed|failed/ })
  const record = await store.get(job.id)
  t.match(record, { status: /completed|failed/ }, 'the end is stored')
  const events = await store.events(job.id, 0, 100)
  t.ok(gapless(events))
  t.equal(brief(events).at(-1), `end:${record?.status}`)
  troubles.splice(0)
})

await onBench(t, 'a slow store keeps everything in order', { maxConcurrent: 20 }, async (t, bench) => {
  const { jobs, executor, submit, store } = bench
  let turn = 0
  const slow = () => sleep((turn = (turn * 7 + 3) % 11))
  for (const call of ['append', 'create', 'request'] as const) store.before(call, slow)
  const ids = await Promise.all(Array.from({ length: 20 }, async () => (await submit()).id))
  await Promise.all(
    ids.map(async (_id, i) => {
      const run = await executor.next()
      for (let j = 0; j < 12; j++) {
        run.say(`${j} `)
        if ((i + j) % 3 === 0) await sleep((i * 5 + j) % 9)
      }
      run.finish()
    }),
  )
  for (const id of ids) {
    t.hasStrict(await soon(jobs.wait(id, never)), { status: 'completed' })
    const events = await store.events(id, 0, 100)
    t.ok(gapless(events))
    t.equal(events.length, (await store.get(id))?.lastSeq)
    t.equal(brief(events).filter((each) => each.startsWith('end')).length, 1)
  }
})

await onBench(t, 'one job that another writer has gone on with: its neighbours of the same write are stored', {}, async (t, bench) => {
  const { jobs, executor, submit, store, troubles } = bench
  const ids: string[] = []
  while (ids.length < 3) ids.push((await submit({ background: onRedis })).id)
  const runs = [await executor.next(), await executor.next(), await executor.next()]
  for (const run of runs) run.emit({ type: 'status', status: 'in_progress', phase: 'waiting' })
  const stored = async () => (await Promise.all(ids.map((id) => store.get(id)))).every((job) => job?.lastSeq === 3)
  while (!(await stored())) await sleep(5)
  await put(store, ids[1]!, { type: 'status', status: 'in_progress', phase: 'thinking' })
  for (const run of runs) run.say('a')
  await until(() => runs[1]!.aborted)
  t.notOk(runs[0]!.aborted || runs[2]!.aborted)
  runs[0]!.finish()
  runs[2]!.finish()
  for (const id of [ids[0]!, ids[2]!]) t.hasStrict(await soon(jobs.wait(id, never)), { status: 'completed' })
  if (onRedis) {
    const { lastSeq } = (await store.get(ids[1]!))!
    t.ok(lastSeq >= 4, 'the other writer’s record stands')
    ;(await executor.next()).finish()
    t.match(await soon(jobs.wait(ids[1]!, never)), { status: 'completed' }, 'no server has it any more, and one takes it up')
    return
  }
  t.match(await soon(jobs.wait(ids[1]!, never)), { status: 'failed' }, 'who waits for it is told')
  t.hasStrict(await store.get(ids[1]!), { status: 'in_progress', lastSeq: 4 }, 'the other writer’s record stands')
  t.ok(troubles.splice(0).length > 0)
  await store.delete(ids[1]!)
})

await onBench(t, 'a review cannot be stored: the job fails, and says so in its log', {}, async (t, bench) => {
  const { jobs, executor, submit, store, troubles } = bench
  const { id } = await submit()
  const run = await executor.next()
  store.before('append', (writes) => {
    if (statusesIn(writes).includes('requires_action')) full()
  })
  run.settle({ kind: 'review', review })
  run.leave()
  t.hasStrict(await soon(jobs.wait(id, never)), internal)
  t.strictSame(brief(await store.events(id, 0, 9)).slice(-1), ['end:failed'])
  t.ok(gapless(await readAll(jobs, id)))
  t.match(troubles.splice(0), [/./])
})

await onBench(t, 'a retry after a review cannot be stored: the task waits on, and can be decided again', {}, async (t, bench) => {
  const { jobs, executor, submit, store } = bench
  const { id } = await submit()
  const run = await executor.next()
  run.settle({ kind: 'review', review })
  run.leave()
  await jobs.wait(id, never)
  store.before('append', full)
  await t.rejects(jobs.review(id, 'retry'), { message: 'disk full' })
  t.hasStrict(await jobs.get(id, 'anna'), { status: 'requires_action' })
  t.equal((await counted(jobs)).queued, 0)
  store.before('append', null)
  await jobs.review(id, 'retry', 'mind the units')
  const again = await executor.next()
  t.match(again.asked.review, { feedback: 'mind the units' })
  again.finish()
  t.hasStrict(await soon(jobs.wait(id, never)), { status: 'completed' })
  t.equal((await counted(jobs)).queued, 0)
  t.ok(gapless(await readAll(jobs, id)))
})

await onBench(t, 'a store that fails to read fails its reader, not the job', {}, async (t, { jobs, executor, submit, store }) => {
  const job = await submit()
  const run = await executor.next()
  // more than memory keeps of what is stored
  for (let piece = 0; piece < 1000; piece++) run.asked.emit({ type: 'text', choice: 0, text: 'a' })
  for (let left = 500; left > 0 && (await store.get(job.id))?.lastSeq !== 1002; left--) await sleep(10)
  await sleep(50)
  store.before('events', full)
  await t.rejects(readAll(jobs, job.id), { message: 'disk full' })
  store.before('events', null)
  run.finish()
  t.hasStrict(await jobs.wait(job.id, never), { status: 'completed' })
})

await new Promise((resolve) => setImmediate(resolve))
t.strictSame(unhandled, [], 'no rejection was left unhandled')
