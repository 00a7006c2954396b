/** Work that needs no process does not wait behind work that does, and the other way round. */
import t from 'tap'
import { asking, counted, network, onBench, onRedis, refusal, until } from './bench.js'

const never = new AbortController().signal

await onBench(t, 'each lane has its own slots', { maxConcurrent: 1, maxNetwork: 2 }, async (t, { jobs, executor, submit }) => {
  const ids = [await submit(), await submit(), await submit(network), await submit(network), await submit(network)].map(({ id }) => id)
  await until(() => executor.runs.length === 3)
  t.hasStrict(await counted(jobs), { running: 1, queued: 1, slots: 1 })
  t.hasStrict(await counted(jobs, 'network'), { running: 2, queued: 1, slots: 2 })
  // on Redis each lane takes its jobs by itself
  const inOrder = (some: string[]) => (onRedis ? some.toSorted() : some)
  t.strictSame(inOrder(executor.runs.map(({ asked }) => asked.jobId)), inOrder([ids[0]!, ids[2]!, ids[3]!]))
  await jobs.cancel(ids[4]!)
  t.hasStrict(await counted(jobs, 'network'), { queued: 0 })
  for (let i = 0; i < 4; i++) (await executor.next()).finish()
  for (const id of ids.slice(0, 4)) t.hasStrict(await jobs.wait(id, never), { status: 'completed' })
  await until(() => jobs.stats('network').running === 0)
  t.hasStrict(await counted(jobs, 'network'), { running: 0, queued: 0 })
})

await onBench(
  t,
  'a full queue of one lane does not shut the other',
  { maxConcurrent: 1, maxNetwork: 1, maxQueued: 0 },
  async (t, { jobs, executor, submit }) => {
    await submit()
    t.equal(await refusal(jobs.submit(asking())), 'queue_full')
    const { id } = await submit(network)
    t.equal(await refusal(jobs.submit(asking(network))), 'queue_full')
    await until(() => executor.runs.length === 2)
    for (let i = 0; i < 2; i++) (await executor.next()).finish()
    t.hasStrict(await jobs.wait(id, never), { status: 'completed' })
    await until(() => jobs.stats('network').running === 0)
  },
)

await onBench(t, 'a restart finds the lane again', { maxConcurrent: 1, maxNetwork: 1 }, async (t, bench) => {
  await bench.submit({ ...network, background: true })
  const { id } = await bench.submit({ ...network, background: true })
  await bench.restart()
  await until(() => bench.executor.runs.length === 1)
  t.hasStrict(await counted(bench.jobs), { running: 0, queued: 0 })
  t.hasStrict(await counted(bench.jobs, 'network'), { running: 1, queued: 1 })
  for (let i = 0; i < 2; i++) (await bench.executor.next()).finish()
  t.hasStrict(await bench.jobs.wait(id, never), { status: 'completed' })
  await until(() => bench.jobs.stats('network').running === 0)
})

await onBench(t, 'jobs of a provider that is no more begin, to be told so', {}, async (t, { jobs, executor, submit }) => {
  for (const lane of ['provider/gone', 'network'] as const) {
    const { id } = await submit({ view: { ignored: [], lane } })
    ;(await executor.next()).finish()
    t.hasStrict(await jobs.wait(id, never), { status: 'completed' })
  }
})
