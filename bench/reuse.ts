/** Questions eight at once through processes that are asked again, and beside them a process for each question. */
import { availableParallelism } from 'node:os'
import { askCli, bareLean } from './bare-cli.js'
import type { Bridge } from './bridge.js'
import { atOnce, crowd, fillSessions } from './crowd.js'
import { cpuOfCrowd } from './cpu.js'
import { memoryOfTree } from './procfs.js'
import { newQuestion } from './question.js'
import type { Rig } from './rig.js'

/**
 * The most that this machine can do with a process for each question: the bare CLI, as many at once as there are cores. A server that
 * gives each job a process of its own stays below it.
 */
export async function measureBareRate(rig: Rig): Promise<void> {
  const { findings } = rig
  const planned = rig.quick ? 8 : 24
  let asked = 0
  const from = performance.now()
  const client = async () => {
    while (asked++ < planned) {
      rig.signal.throwIfAborted()
      const { text, answer } = newQuestion()
      const timed = await askCli(bareLean(rig), text)
      findings.check(timed.text === answer, `the bare CLI: ${JSON.stringify(timed.text)} came for ${answer}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, client))
  const rate = planned / ((performance.now() - from) / 1000)
  findings.add('bare_rate', `${planned} questions, a bare lean CLI on each core: rate`, 'requests/s', rate, 'rate')
}

/** @param bridge a server that has just started */
export async function measureReuse(rig: Rig, bridge: Bridge): Promise<void> {
  const questions = rig.quick ? 24 : 64
  await measureRate(rig, bridge, { id: 'started', name: 'the server has just started', questions })
  await fillSessions(rig, bridge)
  await measureRate(rig, bridge, { id: 'reuse', name: 'each process has answered before', questions })
  await measureRate(rig, bridge, {
    id: 'cut',
    name: 'each answer ends at `max_tokens`, and its process with it',
    questions: questions / 2,
    cut: true,
  })
  // looking at memory takes CPU away from what is looked at, so it has a crowd of its own
  const sampler = sampleMemory(bridge.pid)
  await crowd(rig, bridge, { questions: questions / 2 })
  rig.findings.add('crowd_memory', `${atOnce} at once: peak memory of the tree (PSS)`, 'MiB', Math.max(...sampler.stop()))
}

/** @param bridge with `PROCESS_PER_JOB=1` */
export async function measureProcessPerJob(rig: Rig, bridge: Bridge): Promise<void> {
  await measureRate(rig, bridge, { id: 'per_job', name: 'a process for each job', questions: rig.quick ? 12 : 32 })
}

async function measureRate(rig: Rig, bridge: Bridge, row: { id: string; name: string; questions: number; cut?: boolean }): Promise<void> {
  const { id, questions, cut = false } = row
  const name = `${questions} questions, ${atOnce} at once, ${row.name}`
  const { firsts, wallMs, serverMs, cliMs } = await cpuOfCrowd(rig, bridge, { questions, cut })
  rig.findings.add(`${id}_rate`, `${name}: rate`, 'requests/s', firsts.length / (wallMs / 1000), 'rate')
  rig.findings.add(`${id}_first`, '  first token', 'ms', firsts, 'first')
  rig.findings.add(`${id}_server_cpu`, '  CPU for each question: server', 'ms', serverMs, 'cpu')
  rig.findings.add(`${id}_cli_cpu`, '  CPU for each question: CLI', 'ms', cliMs, 'cpu')
}

function sampleMemory(pid: number): { stop(): number[] } {
  const samples = [memoryOfTree(pid)]
  const timer = setInterval(() => samples.push(memoryOfTree(pid)), 150)
  return {
    stop() {
      clearInterval(timer)
      return samples
    },
  }
}
