/** One step of a run: it has a time limit of its own, and where it fails the others are measured all the same. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bridge } from './bridge.js'
import type { Rig } from './rig.js'

/** Settings of the servers that steps share. Each is started for the first step that uses it, and ended after the last one. */
const serverSettings = {
  cold: { WARM_PROCESSES: '0' },
  warm: { WARM_PROCESSES: '1' },
  reuse: { WARM_PROCESSES: '1' },
  slow: { WARM_PROCESSES: '1' },
  per_job: { WARM_PROCESSES: '1', PROCESS_PER_JOB: '1' },
} as const

export interface Step {
  name: string
  /** seconds, in a quick run and in a whole one, on two cores with nothing else to do; it is ended after {@link patience} times as long */
  expectedS: readonly [quick: number, full: number]
  servers: readonly (keyof typeof serverSettings)[]
  /** @param servers those named above, in that order */
  run(rig: Rig, ...servers: Bridge[]): Promise<void>
  /** runs only where it is asked for by name */
  unasked?: 'left out'
}

const patience = 10
/** A step that is ended finds its servers gone; a bare CLI ends after thirty seconds. */
const settleMs = 40_000

export async function runSteps(rig: Rig, steps: readonly Step[]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    if (rig.signal.aborted) return
    const from = performance.now()
    await runStep(rig, step)
    console.log(`${step.name}: ${((performance.now() - from) / 1000).toFixed(0)} s`)
    const later = new Set<string>(steps.slice(index + 1).flatMap(({ servers }) => servers))
    for (const bridge of rig.up.values()) if (!later.has(bridge.name)) await rig.end(bridge)
  }
}

async function runStep(rig: Rig, step: Step): Promise<void> {
  const { name, expectedS, servers } = step
  const limitS = patience * expectedS[rig.quick ? 0 : 1]
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(new Error(`not done after ${limitS} s`)), limitS * 1000)
  const signal = AbortSignal.any([rig.signal, limit.signal])
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  const own: Rig = { ...rig, signal }
  const task = (async () => {
    const bridges: Bridge[] = []
    for (const server of servers) bridges.push(rig.up.get(server) ?? (await rig.start(server, serverSettings[server])))
    signal.throwIfAborted()
    await step.run(own, ...bridges)
  })()
  try {
    await Promise.race([task, stopped])
  } catch (error) {
    rig.findings.problems.push(`${name}: ${String(error)}`)
  }
  clearTimeout(timer)
  if (!signal.aborted) return
  await rig.abandon()
  await Promise.race([task.catch(() => {}), sleep(settleMs)])
  // the task may have started one meanwhile
  await rig.abandon()
}
