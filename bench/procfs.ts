/** What Linux says of processes: descendants, CPU and memory. A process that is gone has none of them. */
import { readFileSync, readdirSync } from 'node:fs'

interface Stat {
  parent: number
  /** milliseconds, user and system, in steps of 10 */
  own: number
  /** the same of the children it has waited for, and of theirs */
  waitedFor: number
}

/** Linux counts CPU in hundredths of a second wherever Node runs. */
const tickMs = 10

function stat(pid: number): Stat | null {
  const text = read(pid, 'stat')
  if (text === null) return null
  // the program's name stands in parentheses and may hold anything
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15) as [number, number, number, number]
  return { parent: fields[1]!, own: (user + system) * tickMs, waitedFor: (childrenUser + childrenSystem) * tickMs }
}

/** All living descendants of a process, itself left out. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const parent = stat(Number(entry))?.parent
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)])
  }
  const found: number[] = []
  const visit = (parent: number) => {
    for (const child of children.get(parent) ?? []) {
      found.push(child)
      visit(child)
    }
  }
  visit(pid)
  return found
}

/** CPU of one process alone, in milliseconds. */
export function cpuOf(pid: number): number {
  return stat(pid)?.own ?? 0
}

/** CPU of the children that a process has waited for, in milliseconds. */
export function cpuOfEnded(pid: number): number {
  return stat(pid)?.waitedFor ?? 0
}

/** CPU of everything below a process, what has ended and was waited for included, in milliseconds. */
export function cpuBelow(pid: number): number {
  const living = descendants(pid).map(stat)
  return living.reduce((sum, one) => sum + (one === null ? 0 : one.own + one.waitedFor), stat(pid)?.waitedFor ?? 0)
}

/** Memory of a process in MiB, what it shares with others divided among them (PSS). */
export function memoryOf(pid: number): number {
  const kb = /^Pss:\s+(\d+) kB/m.exec(read(pid, 'smaps_rollup') ?? '')?.[1]
  return Number(kb ?? 0) / 1024
}

/** The same of a process and all below it. */
export function memoryOfTree(pid: number): number {
  return [pid, ...descendants(pid)].reduce((sum, one) => sum + memoryOf(one), 0)
}

function read(pid: number, file: 'stat' | 'smaps_rollup'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return null
  }
}
