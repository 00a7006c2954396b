/** A clock that is set back while the server runs. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Registry } from 'prom-client'
import { jobMetrics } from '../../src/metrics/jobs.js'
import { setClockBack } from '../helper-clock.js'
import { onBench, soon, until } from './bench.js'

const never = new AbortController().signal

const register = new Registry()
const observer = jobMetrics(register)
const sumOf = async (name: string) => {
  const metric = await register.getSingleMetric(name)!.get()
  return (metric.values as { metricName?: string; value: number }[]).find(({ metricName }) => metricName === `${name}_sum`)!.value
}

await onBench(t, 'times of a job are measured, whatever the clock says', { observer }, async (t, { jobs, executor, submit }) => {
  const { id } = await submit()
  const run = await executor.next()
  await sleep(100)
  setClockBack(t)
  run.say('a')
  await sleep(100)
  run.finish()
  const job = (await jobs.wait(id, never))!
  const took = job.completedAt! - job.createdAt
  t.ok(took >= 190 && took < 10_000, `openai-processing-ms would be ${took}`)
  await until(() => jobs.stats().running === 0)
  for (const [name, least] of [
    ['bridge_first_token_seconds', 0.09],
    ['bridge_job_duration_seconds', 0.19],
    ['bridge_job_queue_seconds', 0],
  ] as const) {
    const sum = await sumOf(name)
    t.ok(sum >= least && sum < 10, `${name}: ${sum}`)
  }
})

await onBench(t, 'draining ends in time', {}, async (t, { jobs, executor, submit }) => {
  await submit()
  const run = await executor.next()
  const drained = jobs.drain(300)
  setClockBack(t)
  t.not(await soon(drained, 3000), 'pending')
  run.finish()
})

await onBench(t, 'what is known of the store gets old', {}, async (t, { jobs, store }) => {
  let looks = 0
  const health = store.health.bind(store)
  t.intercept(store, 'health', {
    value: () => {
      looks += 1
      return health()
    },
  })
  await jobs.storeHealth()
  await jobs.storeHealth()
  t.equal(looks, 1)
  setClockBack(t)
  await sleep(1100)
  await jobs.storeHealth()
  t.equal(looks, 2)
})
