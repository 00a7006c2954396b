/** CPU for a question: of the bare CLI, and of a server and its processes. */
import { askCli, bareLean } from './bare-cli.js'
import type { Bridge } from './bridge.js'
import { type CrowdOptions, type CrowdTimes, crowd } from './crowd.js'
import { cpuBelow, cpuOf, cpuOfEnded } from './procfs.js'
import { newQuestion } from './question.js'
import { rest } from './rest.js'
import type { Rig } from './rig.js'

/** Where nothing else happens at the same time. */
export async function measureCpu(rig: Rig, cold: Bridge, warm: Bridge): Promise<void> {
  await measureBare(rig)
  await measureServer(rig, warm, 'warm')
  await measureServer(rig, cold, 'cold')
}

/** From the start of a process to its end. */
async function measureBare(rig: Rig): Promise<void> {
  const samples: number[] = []
  for (let count = 0; count < (rig.quick ? 4 : 12); count++) {
    rig.signal.throwIfAborted()
    const { text, answer } = newQuestion()
    const before = cpuOfEnded(process.pid)
    const timed = await askCli(bareLean(rig), text)
    samples.push(cpuOfEnded(process.pid) - before)
    rig.findings.check(timed.text === answer, `the bare CLI: ${JSON.stringify(timed.text)} came for ${answer}`)
  }
  rig.findings.add('bare_cpu', 'CPU for one question: bare CLI, lean flags', 'ms', samples, 'cpu')
}

async function measureServer(rig: Rig, bridge: Bridge, id: string): Promise<void> {
  // the first one may have a ready process, for which another one is started
  await crowd(rig, bridge, { questions: 1 })
  const { serverMs, cliMs } = await cpuOfCrowd(rig, bridge, { questions: rig.quick ? 10 : 40, width: 1 })
  rig.findings.add(`${id}_server_cpu`, `CPU for one question, one at a time, ${id}: server`, 'ms', serverMs, 'cpu')
  rig.findings.add(`${id}_cli_cpu`, `CPU for one question, one at a time, ${id}: CLI`, 'ms', cliMs, 'cpu')
}

/** The CPU is that of each question that was answered. What the answers leave behind (ending processes, replacements) belongs to them. */
export async function cpuOfCrowd(
  rig: Rig,
  bridge: Bridge,
  options: CrowdOptions,
): Promise<CrowdTimes & { serverMs: number; cliMs: number }> {
  await rest([bridge.pid])
  const server = cpuOf(bridge.pid)
  const below = cpuBelow(bridge.pid)
  const times = await crowd(rig, bridge, options)
  await rest([bridge.pid])
  const answered = times.firsts.length
  return { ...times, serverMs: (cpuOf(bridge.pid) - server) / answered, cliMs: (cpuBelow(bridge.pid) - below) / answered }
}
