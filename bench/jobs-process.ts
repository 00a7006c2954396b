/**
 * The job engine alone on a real store, without HTTP and CLI, in a process of its own that can collect its garbage when
 * it is told to. Started by `jobs-alone.ts`, which prints what this finds.
 */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Limiter } from '../src/limiter.js'
import type { NewJob } from '../src/jobs/job.js'
import { Jobs } from '../src/jobs/jobs.js'
import { Places } from '../src/jobs/places.js'
import { openSqliteStore } from '../src/jobs/sqlite/store.js'
import { type Script, ScriptExecutor, word } from './script-executor.js'

export interface JobsFigures {
  heapPerQueuedBytes: number
  residentPerQueuedBytes: number
  submitMs: number[]
  /** events as fast as they can be made: time of the event loop per event */
  appendFlatOutUs: number
  /** eight jobs with a hundred events a second each: CPU per event */
  appendPacedUs: number
  troubles: string[]
}

const folder = process.argv[2]!
const queued = Number(process.argv[3])
const troubles: string[] = []
const memory = await measureQueued()
const appendFlatOutUs = await measureAppends('flat-out', 1, { events: 20_000, lot: 50, pauseMs: 0 })
const appendPacedUs = await measureAppends('paced', 8, { events: 300, lot: 1, pauseMs: 10 })
process.send!({ ...memory, appendFlatOutUs, appendPacedUs, troubles } satisfies JobsFigures)
process.disconnect()

async function measureQueued(): Promise<Omit<JobsFigures, 'appendFlatOutUs' | 'appendPacedUs' | 'troubles'>> {
  const { jobs, close } = await open('queued', 1)
  // one takes the only slot; the others show what the engine needs once, whatever the number of jobs
  for (let count = 0; count < 100; count++) await jobs.submit(asked({ events: 1, lot: 1, pauseMs: 600_000 }))
  await sleep(100)
  const before = afterCollection()
  const submitMs: number[] = []
  for (let count = 0; count < queued; count++) {
    const from = performance.now()
    await jobs.submit(asked({ events: 1, lot: 1, pauseMs: 0 }))
    submitMs.push(performance.now() - from)
  }
  const after = afterCollection()
  if (jobs.stats().queued !== queued + 99) troubles.push(`${jobs.stats().queued} jobs wait, not ${queued + 99}`)
  await close()
  return {
    heapPerQueuedBytes: (after.heapUsed - before.heapUsed) / queued,
    residentPerQueuedBytes: (after.rss - before.rss) / queued,
    submitMs,
  }
}

/** @returns microseconds per event */
async function measureAppends(name: string, count: number, script: Script): Promise<number> {
  const { jobs, close } = await open(name, count)
  const cpu = process.cpuUsage()
  const from = performance.now()
  const submitted = await Promise.all(Array.from({ length: count }, () => jobs.submit(asked(script))))
  for (const { job } of submitted) {
    const ended = await jobs.wait(job.id, new AbortController().signal)
    const words = ended?.answer?.choices[0]?.text.length
    if (words !== script.events * word.length) troubles.push(`${name}: ${words ?? 'none'} characters arrived`)
  }
  const { user, system } = process.cpuUsage(cpu)
  const wallUs = (performance.now() - from) * 1000
  await close()
  return (script.pauseMs === 0 ? wallUs : user + system) / (count * script.events)
}

async function open(name: string, slots: number): Promise<{ jobs: Jobs; close: () => Promise<void> }> {
  const store = await openSqliteStore({ dataDir: path.join(folder, name) })
  const jobs = new Jobs({
    store,
    executor: new ScriptExecutor(),
    places: new Places(new Limiter({ bound: slots })),
    maxQueued: 1_000_000,
    idleTimeoutS: 3600,
    onTrouble: (message, error) => troubles.push(`${message}: ${String(error)}`),
  })
  await jobs.start()
  return {
    jobs,
    close: async () => {
      await jobs.stopAll()
      await store.close()
    },
  }
}

function asked(script: Script): NewJob {
  const prompt = 'x'.repeat(1000)
  const common = { owner: 'anonymous', model: 'sonnet', background: true, metadata: {}, view: { ignored: [] } }
  return {
    ...common,
    choices: 1,
    ttlS: 3600,
    timeoutS: 3600,
    request: { kind: 'claude', model: 'sonnet', system: [prompt], turns: [], response: { script } },
  }
}

function afterCollection(): NodeJS.MemoryUsage {
  for (let count = 0; count < 3; count++) (globalThis as unknown as { gc(): void }).gc()
  return process.memoryUsage()
}
