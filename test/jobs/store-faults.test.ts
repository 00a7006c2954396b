/** A store that fails or is slow: jobs end for whoever waits, nothing hangs, nothing is left unhandled. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { LoggedEvent } from '../../src/jobs/events.js'
import type { JobChange } from '../../src/jobs/store.js'
import { brief, follow, gapless, onBench, readAll, soon, until } from './bench.js'
import { barrier } from './faulty-store.js'

const never = new AbortController().signal
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
  store.before('append', full)
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
  store.before('update', () => {
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
  store.before('update', (_id, change) => {
    if ((change as JobChange).status === 'in_progress') full()
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
  store.before('request', full)
  // one that begins at once has its request in hand
  await submit()
  const run = await executor.next()
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
  store.before('update', full)
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
  store.before('update', null)
})

await onBench(t, 'an end that could not be stored is stored later', {}, async (t, bench) => {
  const { jobs, executor, submit, store, troubles } = bench
  const job = await submit({ background: true })
  const run = await executor.next()
  run.say('a')
  store.before('update', full)
  run.finish()
  await jobs.wait(job.id, never)
  t.match(troubles.splice(0), [/disk full/])
  store.before('update', null)
  await bench.restart()
  t.hasStrict(await bench.jobs.get(job.id, 'anna'), { status: 'completed', answer: { choices: [{ text: 'a' }] } })
  t.ok(gapless(await readAll(bench.jobs, job.id)))
})

await onBench(t, 'the end comes while events are being written, and that write fails', {}, async (t, bench) => {
  const { jobs, executor, submit, store, troubles } = bench
  const job = await submit()
  const run = await executor.next()
  const gate = barrier()
  store.before('append', async () => {
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
  for (const call of ['append', 'update', 'create', 'request'] as const) store.before(call, slow)
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

await onBench(t, 'a store that fails to read fails its reader, not the job', {}, async (t, { jobs, executor, submit, store }) => {
  const job = await submit()
  const run = await executor.next()
  store.before('events', full)
  await t.rejects(readAll(jobs, job.id), { message: 'disk full' })
  store.before('events', null)
  run.finish()
  t.hasStrict(await jobs.wait(job.id, never), { status: 'completed' })
})

await new Promise((resolve) => setImmediate(resolve))
t.strictSame(unhandled, [], 'no rejection was left unhandled')
