/** Jobs that are made of several runs (`n`). */
import t from 'tap'
import { brief, counted, gapless, onBench, readAll, soon, until } from './bench.js'

const never = new AbortController().signal

await onBench(t, 'three runs, their events mixed', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit({ choices: 3 })
  const over = jobs.wait(job.id, never)
  const runs = [await executor.next(), await executor.next(), await executor.next()]
  t.strictSame(
    runs.map(({ asked }) => asked.choice),
    [0, 1, 2],
  )
  t.equal(jobs.stats().running, 3)
  t.equal((await counted(jobs)).queued, 0, 'it is one job, and it does not wait')
  runs[2]!.say('c')
  runs[0]!.say('a')
  runs[2]!.say('C')
  runs[1]!.say('b')
  runs[1]!.finish()
  t.equal(await soon(over, 20), 'pending')
  runs[0]!.say('A')
  runs[2]!.finish('length')
  runs[0]!.finish()
  t.hasStrict(await over, {
    status: 'incomplete',
    attempts: 1,
    answer: { choices: [{ text: 'aA' }, { text: 'b' }, { text: 'cC', finish: 'length' }] },
  })
  const events = await readAll(jobs, job.id)
  t.ok(gapless(events))
  t.strictSame(
    brief(events).filter((each) => each.startsWith('finish')),
    ['finish:stop', 'finish:length', 'finish:stop'],
  )
  t.equal(brief(events).filter((each) => each.startsWith('status:in_progress')).length, 1)
})

await onBench(t, 'one that fails ends the others', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit({ choices: 3 })
  const over = jobs.wait(job.id, never)
  const runs = [await executor.next(), await executor.next(), await executor.next()]
  runs[0]!.finish()
  await until(() => jobs.stats().running === 2)
  runs[1]!.fail({ code: 'upstream_error', message: 'no' })
  t.hasStrict(await over, { status: 'failed', error: { code: 'upstream_error' } })
  t.ok(runs[2]!.aborted)
  const events = await readAll(jobs, job.id)
  t.equal(brief(events).filter((each) => each.startsWith('end')).length, 1)
})

await onBench(t, 'events of a run that has given its outcome are dropped', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit({ choices: 2 })
  const [first, second] = [await executor.next(), await executor.next()]
  first.say('a')
  first.settle({ kind: 'finished', reason: 'stop' })
  await new Promise((resolve) => setImmediate(resolve))
  first.say('too late')
  first.leave()
  second.say('b')
  second.finish()
  t.hasStrict(await jobs.wait(job.id, never), { answer: { choices: [{ text: 'a' }, { text: 'b' }] } })
  second.say('after the end')
  t.notOk(brief(await readAll(jobs, job.id)).some((each) => /late|after/.test(each)))
})

await onBench(t, 'with fewer slots than choices they run one after the other', { maxConcurrent: 1 }, async (t, bench) => {
  const { jobs, executor, submit } = bench
  const job = await submit({ choices: 3 })
  for (const words of ['a', 'b', 'c']) {
    const run = await executor.next()
    t.equal(jobs.stats().running, 1)
    t.equal((await counted(jobs)).queued, 0)
    run.say(words)
    run.finish()
  }
  t.hasStrict(await jobs.wait(job.id, never), {
    status: 'completed',
    answer: { choices: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] },
  })
  t.hasStrict(await jobs.get(job.id, 'anna'), { attempts: 1 })
})

await onBench(t, 'choices that wait for a slot go with the job', { maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  const job = await submit({ choices: 3 })
  const other = await submit()
  const run = await executor.next()
  await jobs.cancel(job.id)
  t.ok(run.aborted)
  const next = await executor.next()
  t.equal(next.asked.jobId, other.id, 'the slot goes to the next job')
  next.finish()
  await jobs.wait(other.id, never)
  t.equal(executor.runs.length, 2)
})

const choicesStay = 'all choices wait on the server that has taken their job, before the jobs that are in the common line'
const oneByOne = { maxConcurrent: 1, idleTimeoutS: 1, notOnRedis: choicesStay }
await onBench(t, 'waiting for a slot is no silence of the run', oneByOne, async (t, bench) => {
  const { jobs, executor, submit } = bench
  const job = await submit({ owner: 'a', choices: 3 })
  const other = await submit({ owner: 'b' })
  for (let i = 0; i < 2; i++) (await executor.next()).finish()
  const between = await executor.next()
  t.equal(between.asked.jobId, other.id)
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    between.asked.alive()
  }
  t.hasStrict(await jobs.get(job.id, 'a'), { status: 'in_progress' }, 'its last choice still waits')
  between.finish()
  const last = await soon(executor.next())
  if (last === 'pending') return void t.fail('the last choice never ran')
  last.finish()
  t.hasStrict(await jobs.wait(job.id, never), { status: 'completed' })
})
