/** Many short questions, eight at once: how fast they go, what they cost in CPU, and their memory at its highest. */
import { availableParallelism } from 'node:os'
import { askStreaming, systemPrompt } from './ask.js'
import { askCli } from './bare-cli.js'
import type { Bridge } from './bridge.js'
import { bareLean } from './latency-cases.js'
import { cpuBelow, cpuOf, memoryOfTree } from './procfs.js'
import { newQuestion } from './question.js'
import { rest } from './rest.js'
import type { Rig } from './rig.js'

const atOnce = 8
/** On a busy machine no more is asked after this. */
const longestMs = 40_000

export async function measureCrowd(rig: Rig, bridge: Bridge): Promise<void> {
  const { findings } = rig
  const planned = rig.quick ? 24 : 64
  await rest([bridge.pid])
  const server = cpuOf(bridge.pid)
  const below = cpuBelow(bridge.pid)
  const { firsts, wallMs } = await crowd(rig, bridge, planned)
  const requests = firsts.length
  // what the answers leave behind (ending processes, replacements) belongs to them
  await rest([bridge.pid])
  findings.add('crowd_wall', `${requests} requests, ${atOnce} at once: wall`, 's', wallMs / 1000)
  findings.add('crowd_rate', `${requests} requests, ${atOnce} at once: rate`, 'requests/s', requests / (wallMs / 1000))
  findings.add('crowd_first', `${requests} requests, ${atOnce} at once: first token`, 'ms', firsts)
  findings.add('server_cpu', 'CPU per request, 8 at once: server', 'ms', (cpuOf(bridge.pid) - server) / requests)
  findings.add('cli_cpu', 'CPU per request, 8 at once: CLI', 'ms', (cpuBelow(bridge.pid) - below) / requests)

  // looking at memory takes CPU away from what is looked at, so it has a crowd of its own
  const sampler = sampleMemory(bridge.pid)
  await crowd(rig, bridge, planned / 2)
  findings.add('crowd_memory', `${atOnce} at once: peak memory of the tree (PSS)`, 'MiB', Math.max(...sampler.stop()))
}

/**
 * The most that this machine can do with a process for each question: the bare CLI, as many at once as there are cores. Whoever gives
 * each job a process of its own stays below it.
 */
export async function measureCeiling(rig: Rig): Promise<void> {
  const { findings } = rig
  const width = availableParallelism()
  const planned = rig.quick ? 8 : 24
  let asked = 0
  const from = performance.now()
  const client = async () => {
    while (asked++ < planned) {
      const { text, answer } = newQuestion()
      const timed = await askCli(bareLean(rig), text)
      findings.check(timed.text === answer, `the bare CLI: ${JSON.stringify(timed.text)} came for ${answer}`)
    }
  }
  await Promise.all(Array.from({ length: width }, client))
  const rate = planned / ((performance.now() - from) / 1000)
  findings.add('bare_rate', `${planned} questions, a bare lean CLI on each core: rate`, 'requests/s', rate)
}

/** CPU per request where nothing else happens at the same time. */
export async function measureCpu(rig: Rig, bridge: Bridge, id: string, name: string): Promise<void> {
  const planned = rig.quick ? 10 : 40
  await rest([bridge.pid])
  const server = cpuOf(bridge.pid)
  const below = cpuBelow(bridge.pid)
  const requests = (await crowd(rig, bridge, planned, 1)).firsts.length
  await rest([bridge.pid])
  const ofServer = (cpuOf(bridge.pid) - server) / requests
  rig.findings.add(`server_cpu_${id}`, `CPU per request, ${name}: server`, 'ms', ofServer)
  rig.findings.add(`cli_cpu_${id}`, `CPU per request, ${name}: CLI`, 'ms', (cpuBelow(bridge.pid) - below) / requests)
}

async function crowd(rig: Rig, bridge: Bridge, requests: number, width = atOnce): Promise<{ firsts: number[]; wallMs: number }> {
  const firsts: number[] = []
  const limitMs = rig.quick ? longestMs / 4 : longestMs
  const from = performance.now()
  let asked = 0
  const client = async () => {
    while (asked++ < requests && performance.now() - from < limitMs) {
      const { text, answer } = newQuestion()
      try {
        const messages = [{ role: 'system', content: systemPrompt } as const, { role: 'user', content: text } as const]
        const timed = await askStreaming(bridge.url, messages)
        firsts.push(timed.firstMs)
        rig.findings.check(timed.text === answer, `${width} at once: ${JSON.stringify(timed.text)} came for ${answer}`)
      } catch (error) {
        rig.findings.problems.push(`${width} at once: ${String(error)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: width }, client))
  return { firsts, wallMs: performance.now() - from }
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
