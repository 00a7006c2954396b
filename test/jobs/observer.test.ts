/** Who observes jobs is told of each end once, whoever ends the job, with the record as it ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Job } from '../../src/jobs/job.js'
import { type JobObserver, observers } from '../../src/jobs/observer.js'
import { onBench, onRedis, until, untilOnRedis } from './bench.js'

const never = new AbortController().signal

interface Told {
  ends: { id: string; status: string; code: string | null; firstTokenMs: number | null; job: Job }[]
  observer: JobObserver
}

function telling(): Told {
  const ends: Told['ends'] = []
  const observer: JobObserver = {
    answering: () => {},
    ended: (job, firstTokenMs) => ends.push({ id: job.id, status: job.status, code: job.error?.code ?? null, firstTokenMs, job }),
  }
  return { ends, observer }
}

const full = () => {
  throw new Error('disk full')
}

const first = telling()
await onBench(t, 'a job that comes to its end', first, async (t, { jobs, executor, submit }) => {
  const { id } = await submit()
  const run = await executor.next()
  await sleep(20)
  run.say('a')
  await sleep(20)
  run.say('b')
  run.finish()
  await jobs.wait(id, never)
  t.match(first.ends, [{ id, status: 'completed', code: null, firstTokenMs: Number }])
  const [{ firstTokenMs, job }] = first.ends as [Told['ends'][0]]
  t.ok(firstTokenMs! >= 19 && firstTokenMs! <= job.completedAt! - job.createdAt, `${firstTokenMs} ms`)
})

const queued = telling()
await onBench(t, 'one that is cancelled in the queue', { ...queued, maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  await submit()
  const run = await executor.next()
  const { id } = await submit()
  await jobs.cancel(id)
  t.match(queued.ends, [{ id, status: 'cancelled', code: 'cancelled', firstTokenMs: null, job: { startedAt: null, completedAt: Number } }])
  run.finish()
  await until(() => queued.ends.length === 2)
})

const unstored = telling()
await onBench(t, 'the end cannot be stored', unstored, async (t, bench) => {
  const { id } = await bench.submit({ background: true })
  const run = await bench.executor.next()
  bench.store.before('append', full)
  run.finish()
  await bench.jobs.wait(id, never)
  t.match(unstored.ends, [{ id, status: 'completed' }])
  t.match(bench.troubles.splice(0), [/disk full/])
  bench.store.before('append', null)
  await bench.restart()
  t.equal(unstored.ends.length, 1, 'not told again when it is stored')
})

const deleted = telling()
await onBench(t, 'the record was deleted meanwhile', deleted, async (t, { jobs, executor, submit, store }) => {
  const { id } = await submit()
  const run = await executor.next()
  await store.delete(id)
  run.finish()
  await jobs.wait(id, never)
  t.match(deleted.ends, [{ id, status: 'completed', job: { completedAt: Number } }])
})

const killed = telling()
const kills = { ...killed, notOnRedis: 'a server that ends after a fault gives its jobs to others as any other does' }
await onBench(t, 'those that a killed server has left', kills, async (t, bench) => {
  const said = await bench.submit({ background: true })
  const run = await bench.executor.next()
  run.say('a')
  run.emit({
    ...{ type: 'usage', choice: 0, costUsd: null, model: null, sessionId: null },
    usage: { inputTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 3, outputTokens: 4, reasoningTokens: null },
  })
  await sleep(200)
  const silent = await bench.submit({ background: true })
  await bench.executor.next()
  bench.jobs.endedByFault()
  await bench.restart()
  t.match(killed.ends, [{ id: said.id, status: 'failed', code: 'interrupted', firstTokenMs: null }])
  t.match(killed.ends[0]!.job, { completedAt: Number, answer: { usage: { outputTokens: 4 } } }, 'with what it has spent')
  await bench.executor.next()
  bench.jobs.endedByFault()
  await bench.restart()
  t.match(killed.ends.slice(1), [{ id: silent.id, status: 'failed', code: 'interrupted' }], 'the one that is set aside')
  t.match(bench.troubles.splice(0), [/is set aside/])
})

const left = telling()
await onBench(t, 'a job that goes on with the next server has not ended', left, async (t, bench) => {
  await bench.submit({ background: true })
  await bench.executor.next()
  await bench.restart()
  t.strictSame(left.ends, [])
  const run = await bench.executor.next()
  run.finish()
  await until(() => left.ends.length === 1)
  t.equal(left.ends.length, 1)
})

const lefts: string[] = []
const leaving = { observer: { ...telling().observer, left: (id: string) => void lefts.push(id) } }
await onBench(t, 'a job that waits for a human is no server’s of several', leaving, async (t, { jobs, executor, submit }) => {
  const { id } = await submit({ background: true })
  const run = await executor.next()
  run.settle({
    kind: 'review',
    review: { reason: 'r', attempts: 1, lastResponse: 'x', validationErrors: [], originalRequest: null, resume: null },
  })
  run.leave()
  t.hasStrict(await jobs.wait(id, never), { status: 'requires_action' })
  await untilOnRedis(() => lefts.length > 0)
  t.strictSame(lefts, onRedis ? [id] : [])
  await jobs.review(id, 'approve')
  t.hasStrict(await jobs.wait(id, never), { status: 'completed' })
})

await t.test('several observers', async (t) => {
  const [a, b] = [telling(), telling()]
  observers(a.observer, b.observer).ended({ id: 'task_x', status: 'completed', error: null } as Job, 7)
  t.match([a.ends, b.ends], [[{ firstTokenMs: 7 }], [{ firstTokenMs: 7 }]])
})
