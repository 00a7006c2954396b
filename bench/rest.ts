/** Waits until nothing of an earlier sample works on: ending processes, or a replacement that starts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuOf, descendants } from './procfs.js'

const windowMs = 60
const longestMs = 4000
/** Of one process in one window; the CLI's own idling stays below it. */
const idleMs = 10

/** Resolves when the processes below the given ones have been at rest for two windows, or after four seconds. */
export async function rest(pids: readonly number[]): Promise<void> {
  let before = usage(pids)
  let calm = 0
  for (let waited = 0; waited < longestMs && calm < 2; waited += windowMs) {
    await sleep(windowMs)
    const now = usage(pids)
    const idle = [...now].every(([pid, cpu]) => cpu - (before.get(pid) ?? -Infinity) <= idleMs)
    calm = idle && now.size === before.size ? calm + 1 : 0
    before = now
  }
}

function usage(pids: readonly number[]): Map<number, number> {
  return new Map(pids.flatMap(descendants).map((pid) => [pid, cpuOf(pid)]))
}
