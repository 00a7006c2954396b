/** What is counted of jobs. Labels are words of our own, but for the names of keys and models that cost something: so many of each. */
import { Counter, Histogram, type Registry } from 'prom-client'
import type { JobObserver } from '../jobs/observer.js'

/** Further ones are counted as `other`: names of models come from outside. */
const mostNames = 100

export function jobMetrics(register: Registry): JobObserver {
  const registers = [register]
  const jobs = new Counter({ name: 'bridge_jobs_total', help: 'Jobs that have ended', labelNames: ['status'], registers })
  const failures = new Counter({
    name: 'bridge_job_failures_total',
    help: 'Jobs that have failed, by the code of their error',
    labelNames: ['code'],
    registers,
  })
  const queued = new Histogram({
    name: 'bridge_job_queue_seconds',
    help: 'From the request to the start of the work',
    buckets: [0.005, 0.05, 0.5, 1, 5, 15, 60, 300],
    registers,
  })
  const firstToken = new Histogram({
    name: 'bridge_first_token_seconds',
    help: 'From the request to the first piece of the answer',
    buckets: [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 300],
    registers,
  })
  const duration = new Histogram({
    name: 'bridge_job_duration_seconds',
    help: 'From the start of the work to its end',
    buckets: [0.5, 1, 2, 5, 10, 30, 60, 300, 1800],
    registers,
  })
  const overhead = new Histogram({
    name: 'bridge_overhead_seconds',
    help: "The bridge's own share of a job: without waits for a place, the model, its CLI or provider, and the client",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  })
  const tokens = new Counter({
    name: 'bridge_tokens_total',
    help: "Tokens that calls of models' APIs have taken",
    labelNames: ['kind'],
    registers,
  })
  const lost = new Counter({ name: 'bridge_log_lost_total', help: 'Readers that came back for events which the store has lost', registers })
  const spent = ['key', 'model']
  const cost = new Counter({ name: 'bridge_cost_usd_total', help: 'What these have cost, by key and model', labelNames: spent, registers })
  const byKey = new Counter({
    name: 'bridge_key_tokens_total',
    help: 'The same tokens by key and model: of the prompt, and of the answer',
    labelNames: [...spent, 'kind'],
    registers,
  })
  const names = { key: new Set<string>(), model: new Set<string>() }
  const bounded = (kind: keyof typeof names, name: string) => {
    if (!names[kind].has(name) && names[kind].size >= mostNames) return 'other'
    names[kind].add(name)
    return name
  }

  return {
    answering(job, at) {
      // a later attempt, or what a human has approved, says nothing about the speed of this server
      if (job.attempts === 1 && job.review === null) firstToken.observe(seconds(job.createdAt, at))
    },
    charged(job, charge, nanoUsd) {
      const { input, cacheRead, cacheWrite, output } = charge.tokens
      tokens.inc({ kind: 'input' }, input)
      tokens.inc({ kind: 'cache_read' }, cacheRead)
      tokens.inc({ kind: 'cache_write' }, cacheWrite)
      tokens.inc({ kind: 'output' }, output)
      const whose = { key: bounded('key', job.owner), model: bounded('model', charge.model ?? charge.asked ?? job.model) }
      cost.inc(whose, nanoUsd / 1e9)
      byKey.inc({ ...whose, kind: 'prompt' }, input + cacheRead + cacheWrite)
      byKey.inc({ ...whose, kind: 'completion' }, output)
    },
    logLost: () => lost.inc(),
    ended(job) {
      jobs.inc({ status: job.status })
      if (job.status === 'failed' && job.error !== null) failures.inc({ code: job.error.code })
      if (job.answer?.overheadMs !== undefined) overhead.observe(job.answer.overheadMs / 1000)
      if (job.startedAt !== null && job.completedAt !== null) {
        queued.observe(seconds(job.createdAt, job.startedAt))
        // of one that an earlier server has left, most may be the time in which there was no server
        if (job.error?.code !== 'interrupted') duration.observe(seconds(job.startedAt, job.completedAt))
      }
    },
  }
}

/** Another server may have taken one of the times, by another clock; a length of time is never negative. */
function seconds(from: number, to: number): number {
  return Math.max(0, to - from) / 1000
}
