/** What a check may take: time of each step and of all of them, and CPU time of its processes. */
import { within } from '../../within.js'
import { cpuSecondsOf } from './cpu-time.js'

/** All in milliseconds. `cpuMs`: of the processes of the CLI, where the system tells it (Linux). */
export interface CheckLimits {
  totalMs: number
  stepMs: number
  cpuMs: number
}

export const defaultLimits: CheckLimits = { totalMs: 60_000, stepMs: 15_000, cpuMs: 15_000 }

/** How often the CPU time is looked at. */
const sampleMs = 500

/** A limit was reached: that may be the machine's doing as well as the CLI's. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached'
}

export class Budget {
  private spentMs = 0
  /** by process id */
  private readonly cpu = new Map<number, number>()
  private readonly over = new AbortController()
  private readonly signal: AbortSignal
  private readonly sampler: NodeJS.Timeout

  /** @param turn resolves when the next step may take the CPU; that wait counts as no time. Rejects where there is none to come */
  constructor(
    private readonly limits: CheckLimits,
    signal: AbortSignal,
    private readonly turn: () => Promise<void>,
  ) {
    this.signal = AbortSignal.any([signal, this.over.signal])
    this.sampler = setInterval(() => this.sample(), sampleMs)
    this.sampler.unref()
  }

  /** Seconds of all steps. */
  get seconds(): number {
    return this.spentMs / 1000
  }

  /** Seconds of CPU of all processes; null where the system does not tell. */
  get cpuSeconds(): number | null {
    return this.cpu.size === 0 ? null : [...this.cpu.values()].reduce((sum, seconds) => sum + seconds, 0)
  }

  /** Counts the CPU time of a process, until it ends. */
  watch(pid: number): void {
    const seconds = cpuSecondsOf(pid)
    if (seconds !== null) this.cpu.set(pid, seconds)
  }

  /** Waits for the turn and does the work, for `limitMs` at most. @throws LimitReached whose message says which one; what `work` and `turn` reject with */
  async step<T>(what: string, work: () => Promise<T>, limitMs = this.limits.stepMs): Promise<T> {
    this.signal.throwIfAborted()
    await this.turn()
    this.signal.throwIfAborted()
    const { totalMs, stepMs } = this.limits
    const left = totalMs - this.spentMs
    const own = Math.min(limitMs, stepMs)
    const late = left < own ? `the check reached its limit of ${totalMs / 1000} s` : `${what} took longer than ${own / 1000} s`
    if (left <= 0) throw new LimitReached(late)
    const from = performance.now()
    let stop = () => {}
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(reasonOf(this.signal))
      this.signal.addEventListener('abort', stop, { once: true })
    })
    try {
      return await within(Promise.race([work(), stopped]), Math.min(left, own), new LimitReached(late))
    } finally {
      this.signal.removeEventListener('abort', stop)
      this.spentMs += performance.now() - from
      this.sample()
    }
  }

  close(): void {
    clearInterval(this.sampler)
  }

  private sample(): void {
    for (const pid of this.cpu.keys()) this.watch(pid)
    const seconds = this.cpuSeconds ?? 0
    if (seconds * 1000 > this.limits.cpuMs) {
      this.over.abort(new LimitReached(`the check reached its limit of ${this.limits.cpuMs / 1000} s of CPU`))
    }
  }
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('the check was stopped')
}
