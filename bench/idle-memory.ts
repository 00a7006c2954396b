/** Memory of processes that have answered and wait, beside a bare CLI that waits for its question at the same time. */
import { bareLean, startBare } from './bare-cli.js'
import type { Bridge } from './bridge.js'
import { fillSessions } from './crowd.js'
import { descendants, memoryOf } from './procfs.js'
import { rest } from './rest.js'
import type { Rig } from './rig.js'

/** All of them share the pages of the binary, which PSS divides among them alike. */
export async function measureIdleMemory(rig: Rig, bridge: Bridge): Promise<void> {
  const { findings } = rig
  await fillSessions(rig, bridge)
  const bare = await startBare(bareLean(rig))
  try {
    await bare.ready()
    await rest([process.pid])
    const idle = descendants(bridge.pid)
    findings.check(idle.length > 0, 'no process waits for another question')
    findings.add('bare_memory', 'memory of a bare CLI that is ready (PSS)', 'MiB', memoryOf(bare.pid), 'memory')
    findings.add('idle_memory', `memory of each of ${idle.length} processes that wait (PSS)`, 'MiB', idle.map(memoryOf), 'memory')
  } finally {
    await bare.end()
  }
}
