/** What the job engine needs by itself: memory of a queued job, time of an enqueue, cost of an event. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { JobsFigures } from './jobs-process.js'
import type { Rig } from './rig.js'

export async function measureJobsAlone(rig: Rig): Promise<void> {
  const { findings } = rig
  const queued = rig.quick ? 2000 : 10_000
  const folder = path.join(rig.folder, 'jobs')
  mkdirSync(folder)
  const child = fork(path.join(import.meta.dirname, 'jobs-process.js'), [folder, String(queued)], {
    execArgv: ['--expose-gc'],
    signal: rig.signal,
    killSignal: 'SIGKILL',
  })
  const exited = once(child, 'exit')
  // of the signal, where the step's time is up
  child.on('error', () => {})
  const told = Promise.race([once(child, 'message'), exited.then(() => [undefined])])
  const [figures] = (await told) as [JobsFigures | undefined]
  await exited
  if (figures === undefined) return findings.check(false, 'the process with the job engine ended without its figures')
  findings.problems.push(...figures.troubles.map((trouble) => `job engine: ${trouble}`))
  const { heapPerQueuedBytes: heap, residentPerQueuedBytes: resident } = figures
  findings.add('queued_heap', `memory per queued job, ${queued} queued: heap`, 'KB', heap / 1000)
  findings.add('queued_resident', `memory per queued job, ${queued} queued: resident`, 'KB', resident / 1000)
  findings.add('enqueue', 'durable enqueue: in the process', 'ms', figures.submitMs)
  findings.add('append', 'event append, flat out: time per event', 'µs', figures.appendFlatOutUs)
  findings.add('append_paced', 'event append, 8 jobs at 100 a second: CPU per event', 'µs', figures.appendPacedUs)
}
