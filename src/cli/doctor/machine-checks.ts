/** Node, CPU, memory, process 1. */
import type { Config } from '../../config.js'
import { type Finding, fault, warning } from './finding.js'
import type { Machine } from './machine.js'

/** `engines` of package.json. */
const oldestNode = [20, 19] as const
/** What x86-64-v2 has beyond the first x86-64 (x86-64 psABI): the CLI's binary is built for it. `pni` is SSE3. */
const cpuNeeds = ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3']
const mib = 1024 * 1024
/** of the server and one CLI process */
const leastMemory = 512 * mib
const serverMemory = 200 * mib
/** that a CLI process may come to hold */
const processMemory = 300 * mib
/** Programs that are often process 1 of a container and take care of no orphans. */
const noInits = /^(node|npm.*|npx.*|sh|bash|dash|ash|busybox|sleep|tail|claude.*)$/

export function checkNode({ nodeVersion }: Machine): Finding[] {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return []
  return [fault('node_too_old', `Node ${nodeVersion} is too old`, `Install Node ${oldestNode.join('.')} or newer.`)]
}

export function checkCpu({ architecture, cpuFlags }: Machine): Finding[] {
  if (architecture !== 'x64' || cpuFlags === null) return []
  const missing = cpuNeeds.filter((flag) => !cpuFlags.has(flag))
  if (missing.length === 0) return []
  const says = `the CPU lacks ${missing.join(', ')}, which the Claude CLI needs (x86-64-v2)`
  return [fault('cpu_too_old', says, 'Use another machine, or have the virtual machine show its host\'s CPU ("host" or x86-64-v2).')]
}

export function checkMemory({ memory }: Machine, config: Pick<Config, 'maxConcurrent' | 'maxProcesses'> | null): Finding[] {
  const has = `${Math.floor(memory / mib)} MB of memory`
  if (memory < leastMemory) {
    return [
      fault(
        'memory_small',
        `there are ${has}; the server and one CLI process need 512 MB`,
        "Raise the machine's or the container's memory.",
      ),
    ]
  }
  if (config === null) return []
  const { maxConcurrent, maxProcesses } = config
  const needs = serverMemory + maxConcurrent * processMemory
  if (needs <= memory) return []
  const says = `${maxConcurrent} runs at once can take ${Math.ceil(needs / mib)} MB, and there are ${has}`
  const fitting = Math.max(1, Math.floor((memory - serverMemory) / processMemory))
  const processes = maxProcesses > fitting ? ` and MAX_PROCESSES=${fitting}` : ''
  return [warning('memory_small', says, `Set MAX_CONCURRENT=${fitting}${processes}, or raise the memory.`)]
}

export function checkInit({ containerInit }: Machine): Finding[] {
  if (containerInit === null || !noInits.test(containerInit)) return []
  const says = `process 1 of this container is ${containerInit}, which does not end what other processes leave`
  return [warning('no_init', says, 'Start the container with --init, or with the entry point of the image.')]
}
