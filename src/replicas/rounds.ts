/** Work that is done again and again, no round of it before the last one is over. */
import { within } from '../within.js'

/** For the rounds that are under way at the end. Milliseconds. */
const closeMs = 2000

export class Rounds {
  private readonly timers: NodeJS.Timeout[] = []
  private readonly working = new Set<Promise<void>>()
  private closed = false

  constructor(private readonly onTrouble: (message: string, error: unknown) => void) {}

  /** @param failed what is reported where a round fails @returns what does a round at once, if none is under way */
  every(ms: number, failed: string, work: () => Promise<void>): () => void {
    let busy = false
    const once = () => {
      if (busy || this.closed) return
      busy = true
      const round = work()
        .catch((error: unknown) => {
          if (!this.closed) this.onTrouble(failed, error)
        })
        .finally(() => {
          busy = false
          this.working.delete(round)
        })
      this.working.add(round)
    }
    const timer = setInterval(once, ms)
    timer.unref()
    this.timers.push(timer)
    return once
  }

  /** Resolves when none is under way, or when that takes too long. */
  async close(): Promise<void> {
    this.closed = true
    for (const timer of this.timers) clearInterval(timer)
    await within(Promise.all(this.working), closeMs, 'a round takes too long').catch(() => undefined)
  }
}
