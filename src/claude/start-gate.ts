/**
 * How many processes may start up at the same time. A start is a third of a second of CPU, so ten at once on two cores make all ten late:
 * they go in the order they came, as many together as there are cores. Waiting for the model is no part of a start.
 */
export class StartGate {
  private inside = 0
  private readonly waiting: (() => void)[] = []

  constructor(private readonly width: number) {}

  /** Nobody starts or waits to. */
  get idle(): boolean {
    return this.inside === 0
  }

  /** Somebody waits for a turn: the machine has no CPU to spare. */
  get crowded(): boolean {
    return this.waiting.length > 0
  }

  /**
   * Resolves when it is the caller's turn, with what says that the start is over (safe to call again); with null where the signal was
   * aborted before.
   */
  async enter(signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return null
    if (this.inside < this.width) this.inside += 1
    else if (!(await this.turn(signal))) return null
    let over = false
    return () => {
      if (over) return
      over = true
      const next = this.waiting.shift()
      if (next === undefined) this.inside -= 1
      else next()
    }
  }

  private turn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const granted = () => {
        signal.removeEventListener('abort', left)
        resolve(true)
      }
      const left = () => {
        this.waiting.splice(this.waiting.indexOf(granted), 1)
        resolve(false)
      }
      signal.addEventListener('abort', left, { once: true })
      this.waiting.push(granted)
    })
  }
}
