/** CPU time of another process, from Linux's /proc. */
import { readFileSync } from 'node:fs'

/** The kernel's unit in /proc; 100 a second on every platform that Node runs on. */
const ticksPerSecond = 100

/** Seconds that a process and its children that have ended took so far; null where it cannot be known: no such process, no /proc. */
export function cpuSecondsOf(pid: number): number | null {
  try {
    // the name of the program, in parentheses, may hold blanks; see proc(5)
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return Number.isFinite(ticks) ? ticks / ticksPerSecond : null
  } catch {
    return null
  }
}
