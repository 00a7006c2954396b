/** Compares what `/health` says of the processes with the system's own list, again and again. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Health } from '../../src/health.js'
import { workspaceProcesses } from './server-process.js'

export interface Watched {
  samples: number
  most: number
  /** more processes than there may be, in the list or by the server's own count */
  overBound: string[]
  /** the count and the list went apart and stayed so */
  disagreed: string[]
}

/** A process that has just gone, or has just come, is in one of the two for a moment; longer is a finding. */
const patienceMs = 10_000

/** Those that lead a group of their own, as every CLI process does: what one starts itself for a moment is no CLI. */
export function cliProcesses(root: string): number[] {
  return workspaceProcesses(root).filter((pid) => {
    try {
      // proc(5): behind the name in brackets come state, parent and group
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')
      return Number(fields[2]) === pid
    } catch {
      return false
    }
  })
}

export class PoolWatch {
  readonly seen: Watched = { samples: 0, most: 0, overBound: [], disagreed: [] }
  private over = false
  private running: Promise<void> | null = null

  constructor(
    private readonly url: string,
    private readonly root: string,
    /** `key`: an owner's, where the server has keys; `pauseMs` between two looks */
    private readonly options: { key?: string; pauseMs?: number } = {},
  ) {}

  start(): void {
    this.running = this.watch()
  }

  async stop(): Promise<Watched> {
    this.over = true
    await this.running
    return this.seen
  }

  async health(): Promise<Health> {
    const { key } = this.options
    const headers = { ...(key !== undefined && { authorization: `Bearer ${key}` }) }
    return (await (await fetch(`${this.url}/health`, { headers })).json()) as Health
  }

  private async watch(): Promise<void> {
    while (!this.over) {
      await this.sample()
      await sleep(this.options.pauseMs ?? 20)
    }
  }

  /** The list is read before and after: the count has to lie between the two, now or a moment later. */
  private async sample(): Promise<void> {
    this.seen.samples += 1
    const from = Date.now()
    for (;;) {
      const before = cliProcesses(this.root).length
      const { live, bound } = (await this.health()).processes
      const after = cliProcesses(this.root).length
      const most = Math.max(before, live, after)
      this.seen.most = Math.max(this.seen.most, most)
      if (most > bound) this.seen.overBound.push(`list ${before}, then ${after}, server ${live}, bound ${bound}`)
      if (live >= Math.min(before, after) && live <= Math.max(before, after)) return
      if (Date.now() - from > patienceMs) {
        this.seen.disagreed.push(`list ${before}, then ${after}, server ${live}`)
        return
      }
      await sleep(5)
    }
  }
}
