/** Answers to wrong keys wait, longer with each further one from the same network; nothing else does. */
import type { HttpLimits } from './limits.js'

interface Guesses {
  count: number
  /** of the last one, milliseconds of `performance.now()` */
  at: number
}

/** A network without a wrong key for so long starts anew. */
const forgetMs = 15 * 60_000
const mostNetworks = 10_000
const mostWaiting = 256

export class WrongKeys {
  /** the network that guessed least recently comes first */
  private readonly networks = new Map<string, Guesses>()
  private readonly waiting = new Set<() => void>()
  private closed = false

  constructor(private readonly limits: Pick<HttpLimits, 'wrongKeyFirstMs' | 'wrongKeyLongestMs'>) {}

  /** Counts a wrong key and says how long its answer has to wait, in milliseconds. */
  count(network: string, now = performance.now()): number {
    const before = this.networks.get(network)
    const count = before === undefined || now - before.at > forgetMs ? 1 : before.count + 1
    this.networks.delete(network)
    this.networks.set(network, { count, at: now })
    if (this.networks.size > mostNetworks) this.networks.delete(this.networks.keys().next().value!)
    const { wrongKeyFirstMs, wrongKeyLongestMs } = this.limits
    return Math.min(wrongKeyFirstMs * 2 ** Math.min(count - 1, 30), wrongKeyLongestMs)
  }

  /** Calls `done` after the delay; at once where so many wait already that their connections would be too many. Returns what ends the wait early. */
  wait(delayMs: number, done: () => void): () => void {
    if (this.closed || this.waiting.size >= mostWaiting) {
      done()
      return () => undefined
    }
    const finish = () => {
      if (!this.waiting.delete(finish)) return
      clearTimeout(timer)
      done()
    }
    const timer = setTimeout(finish, delayMs)
    this.waiting.add(finish)
    return finish
  }

  /** How many answers wait. */
  get waitingCount(): number {
    return this.waiting.size
  }

  get networkCount(): number {
    return this.networks.size
  }

  /** Every waiting answer goes out now, and none waits from now on. */
  close(): void {
    this.closed = true
    for (const finish of [...this.waiting]) finish()
  }
}
