/** Work that needs no process does not wait behind work that does, and the other way round. */
import t from 'tap'
import { asking, onBench, refusal, until } from './bench.js'

const never = new AbortController().signal
const network = { view: { ignored: [], lane: 'network' as const } }

await onBench(t, 'each lane has its own slots', { maxConcurrent: 1, maxNetwork: 2 }, async (t, { jobs, executor, submit }) => {
  const ids = [await submit(), await submit(), await submit(network), await submit(network), await submit(network)].map(({ id }) => id)
  await until(() => executor.runs.length === 3)
  t.hasStrict(jobs.stats(), { running: 1, queued: 1, slots: 1 })
  t.hasStrict(jobs.stats('network'), { running: 2, queued: 1, slots: 2 })
  t.strictSame(
    executor.runs.map(({ asked }) => asked.jobId),
    [ids[0], ids[2], ids[3]],
  )
  await jobs.cancel(ids[4]!)
  t.hasStrict(jobs.stats('network'), { queued: 0 })
  for (let i = 0; i < 4; i++) (await executor.next()).finish()
  for (const id of ids.slice(0, 4)) t.hasStrict(await jobs.wait(id, never), { status: 'completed' })
  await until(() => jobs.stats('network').running === 0)
  t.hasStrict(jobs.stats('network'), { running: 0, queued: 0 })
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
  t.hasStrict(bench.jobs.stats(), { running: 0, queued: 0 })
  t.hasStrict(bench.jobs.stats('network'), { running: 1, queued: 1 })
  for (let i = 0; i < 2; i++) (await bench.executor.next()).finish()
  t.hasStrict(await bench.jobs.wait(id, never), { status: 'completed' })
  await until(() => bench.jobs.stats('network').running === 0)
})
