/** How long a job may run, and how long it may be silent. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { onBench, soon } from './bench.js'

const never = new AbortController().signal

await onBench(t, 'a job that takes too long', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit({ timeoutS: 0.1 })
  const run = await executor.next()
  run.say('half')
  const talking = setInterval(() => run.say('.'), 10)
  const ended = await soon(jobs.wait(job.id, never))
  clearInterval(talking)
  t.match(ended, { status: 'failed', error: { code: 'timeout', message: /0\.1 s/ } })
  t.ok(run.aborted)
})

await onBench(t, 'the time in the queue does not count', { maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  const first = await submit()
  const second = await submit({ timeoutS: 1 })
  const run = await executor.next()
  await sleep(1100)
  t.hasStrict(await jobs.get(second.id, 'anna'), { status: 'queued' })
  run.finish()
  const next = await executor.next()
  next.finish()
  t.hasStrict(await jobs.wait(second.id, never), { status: 'completed' })
  t.hasStrict(await jobs.wait(first.id, never), { status: 'completed' })
})

await onBench(t, 'a run that is silent too long', { idleTimeoutS: 0.1 }, async (t, { jobs, executor, submit }) => {
  const job = await submit()
  const run = await executor.next()
  const ended = await soon(jobs.wait(job.id, never))
  t.match(ended, { status: 'failed', error: { code: 'timeout', message: /0\.1 s/ } })
  t.ok(run.aborted)
})

await onBench(t, 'every sign of life moves the limit on', { idleTimeoutS: 1 }, async (t, { jobs, executor, submit }) => {
  const job = await submit()
  const run = await executor.next()
  for (let i = 0; i < 6; i++) {
    await sleep(200)
    run.asked.alive()
  }
  let last = 0
  for (let i = 0; i < 6; i++) {
    await sleep(200)
    last = Date.now()
    run.say('.')
  }
  t.hasStrict(await jobs.get(job.id, 'anna'), { status: 'in_progress' })
  t.hasStrict(await soon(jobs.wait(job.id, never)), { status: 'failed', error: { code: 'timeout' } })
  t.ok(Date.now() - last >= 990, 'counted from the last one')
})
