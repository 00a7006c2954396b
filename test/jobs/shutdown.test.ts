import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { LoggedEvent } from '../../src/jobs/events.js'
import { asking, brief, counted, follow, gapless, onBench, onRedis, readAll, refusal, soon, takenUp, until } from './bench.js'
import { barrier } from './faulty-store.js'

const never = new AbortController().signal
const shutdown = { status: 'failed', error: { code: 'server_shutdown' } }
/** On Redis what has said something ends with its server, and does not wait for the next one to say so. */
const cutShort = onRedis ? 'server_shutdown' : 'interrupted'

await onBench(t, 'foreground jobs end, background jobs go on after the next start', { maxConcurrent: 3 }, async (t, bench) => {
  const first = bench.jobs
  const silent = await bench.submit({ background: true })
  const talking = await bench.submit({ background: true })
  const foreground = await bench.submit()
  const waiting = await bench.submit({ background: true })
  // on Redis one that no server has taken stays in the line of all
  const waitingToo = await bench.submit({ background: onRedis })
  const runs = [await bench.executor.next(), await bench.executor.next(), await bench.executor.next()]
  runs[1]!.say('half')
  const logs: LoggedEvent[][] = [[], [], [], [], []]
  const all = [silent, talking, foreground, waiting, waitingToo]
  const readers = all.map(({ id }, i) => follow(first, id, logs[i]!))
  const waits = all.map(({ id }) => first.wait(id, never))
  await until(() => logs[1]!.length === 3)

  t.equal(await soon(first.stopAll()), undefined)
  t.ok(runs.every((run) => run.aborted))
  t.not(await soon(Promise.all(readers)), 'pending', 'every reader is let go')
  t.hasStrict(await soon(Promise.all(waits)), [{}, {}, shutdown, {}, onRedis ? {} : shutdown], 'and whoever waited')
  t.equal(brief(logs[2]!).at(-1), 'end:failed')
  t.notOk(
    [0, 1, 3].some((i) => logs[i]!.some(({ event }) => event.type === 'end')),
    'the others have not ended',
  )
  t.equal(await refusal(first.submit(asking())), 'server_shutdown')
  t.equal(first.accepting, false)

  const counts = await bench.restart()
  t.strictSame(counts, takenUp({ queued: 1, rerun: 1, interrupted: 1 }))
  t.hasStrict(await bench.jobs.get(talking.id, 'anna'), {
    status: 'failed',
    error: { code: cutShort },
    answer: { choices: [{ text: 'half' }] },
  })
  for (const { id } of onRedis ? [foreground] : [foreground, waitingToo]) t.hasStrict(await bench.jobs.get(id, 'anna'), shutdown)
  const again = new Set([silent.id, waiting.id, ...(onRedis ? [waitingToo.id] : [])])
  while (again.size > 0) {
    const run = await bench.executor.next()
    const id = run.asked.jobId
    t.ok(again.delete(id))
    run.say('whole')
    run.finish()
    t.hasStrict(await bench.jobs.wait(id, never), { status: 'completed', answer: { choices: [{ text: 'whole' }] } })
  }
  for (const [i, { id }] of all.entries()) {
    const events = await readAll(bench.jobs, id)
    t.ok(gapless(events))
    t.strictSame(events.slice(0, logs[i]!.length), logs[i], 'what was read before is still the beginning')
  }
})

await onBench(t, 'what a background job has said is stored before its server ends', {}, async (t, bench) => {
  const job = await bench.submit({ background: true })
  const run = await bench.executor.next()
  const durable: LoggedEvent[] = []
  const reading = follow(bench.jobs, job.id, durable, { durable: true })
  run.say('a')
  await until(() => durable.length === 3)
  // one write is under way, and more comes
  const gate = barrier()
  let writing = false
  bench.store.before('append', async () => {
    if (writing) await sleep(30)
    writing = true
    await gate.passed
  })
  run.say('b')
  await until(() => writing)
  run.say('c')
  const stopping = bench.jobs.stopAll()
  await sleep(30)
  t.equal(brief(durable).at(-1), 'text:a', 'a durable reader is shown nothing that is not stored')
  gate.open()
  await stopping
  await reading
  const stored = await bench.store.events(job.id, 0, 100)
  t.strictSame(brief(stored).slice(2), ['text:a', 'text:b', 'text:c', ...(onRedis ? ['end:failed'] : [])])
  t.strictSame(durable, stored.slice(0, durable.length))
  await bench.restart()
  t.hasStrict(await bench.jobs.get(job.id, 'anna'), {
    error: { code: cutShort },
    answer: { choices: [{ text: 'abc' }] },
  })
})

await onBench(t, 'a job that is just ending comes to its end', {}, async (t, bench) => {
  const job = await bench.submit({ background: true })
  const run = await bench.executor.next()
  run.say('a')
  const over = bench.jobs.wait(job.id, never)
  const gate = barrier()
  let ending = false
  bench.store.before('append', () => {
    ending = true
    return gate.passed
  })
  run.finish()
  await until(() => ending)
  const stopping = bench.jobs.stopAll()
  t.equal(await soon(over, 20), 'pending')
  gate.open()
  await stopping
  t.hasStrict(await over, { status: 'completed' })
  t.hasStrict(await bench.store.get(job.id), { status: 'completed' })
})

await onBench(t, 'a job that is just coming is let go as well', {}, async (t, bench) => {
  // on Redis what has just come is in the line of all, and is ended where no server has its client
  for (const background of onRedis ? [true] : [true, false]) {
    const gate = barrier()
    bench.store.before('create', () => gate.passed)
    const submitting = bench.submit({ background })
    await sleep(5)
    const stopping = bench.jobs.stopAll()
    gate.open()
    const job = await submitting
    await stopping
    t.hasStrict(await soon(bench.jobs.wait(job.id, never)), background ? { status: 'queued' } : shutdown)
    await bench.restart()
    if (background) (await bench.executor.next()).finish()
    t.hasStrict(await bench.jobs.wait(job.id, never), background ? { status: 'completed' } : shutdown)
  }
})

await onBench(t, 'a run that does not go holds the end up for a while only', {}, async (t, bench) => {
  bench.executor.obedient = false
  await bench.submit({ background: true })
  await bench.submit()
  const runs = [await bench.executor.next(), await bench.executor.next()]
  t.equal(await soon(bench.jobs.stopAll()), undefined)
  for (const run of runs) {
    run.settle({ kind: 'aborted' })
    run.leave()
  }
  await sleep(10)
  const left = await bench.restart()
  t.strictSame(left, takenUp({ queued: 0, rerun: 1, interrupted: 0 }))
  ;(await bench.executor.next()).finish()
})

await onBench(t, 'drain lets what runs come to its end and starts nothing', { maxConcurrent: 1 }, async (t, bench) => {
  const running = await bench.submit()
  const waiting = await bench.submit({ background: true })
  const run = await bench.executor.next()
  const draining = bench.jobs.drain(10_000)
  t.equal(bench.jobs.accepting, false)
  t.equal(await refusal(bench.submit()), 'server_shutdown')
  t.equal(await soon(draining, 30), 'pending')
  run.say('a')
  run.finish()
  t.hasStrict(await bench.jobs.wait(running.id, never), { status: 'completed' })
  t.equal(await soon(draining), undefined)
  t.equal(bench.executor.runs.length, 1)
  await bench.restart()
  ;(await bench.executor.next()).finish()
  t.hasStrict(await bench.jobs.wait(waiting.id, never), { status: 'completed' })
})

await onBench(t, 'drain has a limit', {}, async (t, bench) => {
  const job = await bench.submit()
  const run = await bench.executor.next()
  t.equal(await soon(bench.jobs.drain(60)), undefined)
  t.notOk(run.aborted)
  await bench.jobs.stopAll()
  t.ok(run.aborted)
  t.hasStrict(await bench.store.get(job.id), shutdown)
})

await onBench(t, 'stopping twice, and with nothing to stop', {}, async (t, bench) => {
  await bench.jobs.drain(1000)
  await Promise.all([bench.jobs.stopAll(), bench.jobs.stopAll()])
  t.hasStrict(await counted(bench.jobs), { queued: 0, running: 0 })
})
