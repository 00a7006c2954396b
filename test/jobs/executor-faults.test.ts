/** Executors that break their promises: the job ends, the slot comes back, the server lives. */
import t from 'tap'
import { brief, onBench, readAll, soon, until } from './bench.js'

const never = new AbortController().signal
const internal = { status: 'failed', error: { code: 'internal_error' } }

const unhandled: unknown[] = []
const note = (error: unknown) => unhandled.push(error)
process.on('unhandledRejection', note)
t.teardown(() => process.off('unhandledRejection', note))

await onBench(t, 'it throws', {}, async (t, { jobs, executor, submit, troubles }) => {
  executor.onRun = () => {
    throw new Error('cannot')
  }
  const job = await submit()
  t.hasStrict(await soon(jobs.wait(job.id, never)), internal)
  await until(() => jobs.stats().running === 0)
  t.match(troubles.splice(0), [/cannot/])
})

await onBench(t, 'it throws for one choice of three', {}, async (t, { jobs, executor, submit, troubles }) => {
  executor.onRun = ({ asked }) => {
    if (asked.choice === 1) throw new Error('cannot')
  }
  const job = await submit({ choices: 3 })
  t.hasStrict(await soon(jobs.wait(job.id, never)), internal)
  await until(() => jobs.stats().running === 0)
  t.ok(executor.runs.every((run) => run.aborted))
  t.match(troubles.splice(0), [/cannot/])
})

await onBench(t, 'its outcome rejects: the slot is held all the same', { maxConcurrent: 1 }, async (t, bench) => {
  const { jobs, executor, submit, troubles } = bench
  executor.obedient = false
  const job = await submit()
  const run = await executor.next()
  run.breakOutcome(new Error('broken'))
  t.hasStrict(await soon(jobs.wait(job.id, never)), internal)
  t.ok(run.aborted, 'what is left of it is stopped')
  t.match(troubles.splice(0), [/broken/])
  await until(() => jobs.stats().running === 0, 50)
  t.hasStrict(jobs.stats(), { running: 1 })
  run.leave()
})

await onBench(t, 'its going rejects, before or after its outcome', {}, async (t, { jobs, executor, submit, troubles }) => {
  const first = await submit()
  const run = await executor.next()
  run.breakGone(new Error('not removed'))
  t.hasStrict(await soon(jobs.wait(first.id, never)), internal)
  run.settle({ kind: 'finished', reason: 'stop' })
  await until(() => jobs.stats().running === 0)
  t.match(troubles.splice(0), [/not removed/, /no outcome/])

  const second = await submit()
  const other = await executor.next()
  other.settle({ kind: 'finished', reason: 'stop' })
  t.hasStrict(await soon(jobs.wait(second.id, never)), { status: 'completed' })
  other.breakGone(new Error('not removed'))
  await until(() => jobs.stats().running === 0)
  t.match(troubles.splice(0), [/not removed/])
  t.hasStrict(await jobs.get(second.id, 'anna'), { status: 'completed' })
})

await onBench(t, 'it is gone without an outcome', {}, async (t, { jobs, executor, submit, troubles }) => {
  const job = await submit()
  const run = await executor.next()
  run.leave()
  t.hasStrict(await soon(jobs.wait(job.id, never)), internal)
  await until(() => jobs.stats().running === 0)
  t.equal(troubles.splice(0).length, 1)
  run.settle({ kind: 'aborted' })
})

await onBench(t, 'it emits from within run, on abort, and after the end', {}, async (t, { jobs, executor, submit }) => {
  executor.onRun = (run) => {
    run.say('at once')
    run.asked.signal.addEventListener('abort', () => run.say('last words'))
  }
  const job = await submit()
  const run = await executor.next()
  await jobs.cancel(job.id)
  run.say('nobody hears')
  t.strictSame(brief(await readAll(jobs, job.id)), [
    'status:queued',
    'status:in_progress',
    'text:at once',
    'text:last words',
    'end:cancelled',
  ])
})

await onBench(t, 'it says that it was aborted when nobody did', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit()
  const run = await executor.next()
  run.settle({ kind: 'aborted' })
  run.leave()
  t.hasStrict(await soon(jobs.wait(job.id, never)), { status: 'cancelled' })
})

await new Promise((resolve) => setImmediate(resolve))
t.strictSame(unhandled, [], 'no rejection was left unhandled')
