/**
 * Whose work a thread does next. Owners take turns, whatever each of them has waiting, and one owner never has all threads: somebody
 * else's work waits for one piece of work at most.
 */
import { BridgeError } from '../errors/catalogue.js'

/** Of one owner: each holds a request in memory. */
const maxWaiting = 500

interface Waiting {
  start: () => void
}

export class Turns {
  private readonly waiting = new Map<string, Waiting[]>()
  private readonly busy = new Map<string, number>()
  private total = 0
  private readonly perOwner: number

  constructor(private readonly slots: number) {
    this.perOwner = Math.max(1, slots - 1)
  }

  /**
   * Resolves when the owner has a thread; `leave` gives it back.
   *
   * @throws BridgeError queue_full, or the signal's reason
   */
  async enter(owner: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.mayStart(owner)) return this.begin(owner)
    const queue = this.waiting.get(owner) ?? []
    if (queue.length >= maxWaiting) throw new BridgeError('queue_full', `${queue.length} checks of yours wait already.`, { retryAfter: 5 })
    this.waiting.set(owner, queue)
    await new Promise<void>((resolve, reject) => {
      const gone = () => {
        const at = queue.indexOf(entry)
        if (at !== -1) queue.splice(at, 1)
        if (queue.length === 0 && this.waiting.get(owner) === queue) this.waiting.delete(owner)
        reject(signal!.reason as Error)
      }
      const entry: Waiting = {
        start: () => {
          signal?.removeEventListener('abort', gone)
          resolve()
        },
      }
      queue.push(entry)
      signal?.addEventListener('abort', gone, { once: true })
    })
  }

  leave(owner: string): void {
    const left = this.busy.get(owner)! - 1
    if (left === 0) this.busy.delete(owner)
    else this.busy.set(owner, left)
    this.total -= 1
    for (const [next, queue] of this.waiting) {
      if (!this.mayStart(next)) continue
      const entry = queue.shift()!
      // its turn comes again after the others'
      this.waiting.delete(next)
      if (queue.length > 0) this.waiting.set(next, queue)
      this.begin(next)
      return entry.start()
    }
  }

  private mayStart(owner: string): boolean {
    return this.total < this.slots && (this.busy.get(owner) ?? 0) < this.perOwner
  }

  private begin(owner: string): void {
    this.total += 1
    this.busy.set(owner, (this.busy.get(owner) ?? 0) + 1)
  }
}
