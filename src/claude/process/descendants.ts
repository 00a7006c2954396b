/**
 * The processes that a process has started, those that these have started, and so on, by the kernel's own lists (`/proc/<id>/task/<id>/children`).
 * A process is remembered with its start time, so that it is found again when its parent has left and it has another session and environment.
 * Elsewhere than on Linux, and where the kernel has no such lists, there are none.
 */
import { readFileSync, readdirSync } from 'node:fs'

/** How often the tree is looked at while its root lives: the CLI may end by itself, and then the tree falls apart. */
const lookEveryMs = 500
/** A look takes some 0.1 ms for each process. No more of the server's time than a fiftieth goes to looks. */
const shareOfTime = 50
/** A program that starts more than that is not followed further. */
const mostMembers = 1000
/** A stopped process starts none, so that a few rounds find all of them. */
const rounds = 10

interface Stat {
  session: number
  /** clock ticks since the system's start; with the id, it names a process for good */
  started: string
  /** the process has ended, and its parent has not asked for its exit */
  zombie: boolean
}

export class Descendants {
  private readonly members = new Map<number, Stat>()
  private readonly rootStat: Stat | null
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly root: number) {
    this.rootStat = statOf(root)
  }

  /** Looks from now on, until `end`. */
  follow(): void {
    if (this.rootStat === null || this.timer !== undefined) return
    const from = performance.now()
    this.look()
    this.timer = setTimeout(
      () => {
        this.timer = undefined
        this.follow()
      },
      Math.max(lookEveryMs, (performance.now() - from) * shareOfTime),
    ).unref()
  }

  /** Remembers every process that is there now. True where one was not known. */
  look(): boolean {
    const next = same(this.root, this.rootStat) === null ? [] : [this.root]
    for (const [pid, stat] of this.members) {
      const now = same(pid, stat)
      if (now === null) this.members.delete(pid)
      else {
        // it may have made a session for itself
        this.members.set(pid, now)
        next.push(pid)
      }
    }
    const known = new Set(next)
    let added = false
    for (let pid = next.pop(); pid !== undefined && this.members.size < mostMembers; pid = next.pop()) {
      for (const child of childrenOf(pid)) {
        const stat = known.has(child) ? null : statOf(child)
        if (stat === null || stat.zombie) continue
        known.add(child)
        this.members.set(child, stat)
        next.push(child)
        added = true
      }
    }
    return added
  }

  /** Sessions that the root and its descendants have made: what is in one of them was started by one of them. */
  get sessions(): ReadonlySet<number> {
    const made = [...this.members].filter(([pid, { session }]) => session === pid).map(([pid]) => pid)
    return new Set(this.rootStat?.session === this.root ? [this.root, ...made] : made)
  }

  /** Kills every descendant that is left. They are stopped first: none can start another one meanwhile. Safe to call again. */
  end(): void {
    clearTimeout(this.timer)
    for (let round = 0; round < rounds; round++) {
      const added = this.look()
      if (round > 0 && !added) break
      this.signal('SIGSTOP')
    }
    this.signal('SIGKILL')
  }

  private signal(signal: NodeJS.Signals): void {
    for (const [pid, stat] of this.members) {
      if (same(pid, stat) === null) continue
      try {
        process.kill(pid, signal)
      } catch {
        // gone by itself, or another user's
      }
    }
  }
}

/** What is known now of the process that was seen; null where it has ended: its id is free, or another process has it. */
function same(pid: number, seen: Stat | null): Stat | null {
  const now = seen === null ? null : statOf(pid)
  return now === null || now.zombie || now.started !== seen?.started ? null : now
}

/** The ids of the processes that any thread of a process has started, and of those that were handed to it. */
function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) => {
    try {
      const line = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim()
      return line === '' ? [] : line.split(' ').map(Number)
    } catch {
      // the thread has gone, or the kernel has no such lists
      return []
    }
  })
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Null where there is no such process, or no `/proc`. */
function statOf(pid: number): Stat | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // the name of the program may hold blanks and parentheses
    const [state, , , session, ...rest] = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return { session: Number(session), started: rest[15] ?? '', zombie: state === 'Z' || state === 'X' }
  } catch {
    return null
  }
}
