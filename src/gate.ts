/** So many may be inside at the same time; the others wait and go in in the order they came. */
export class Gate {
  private inside = 0
  private readonly line: (() => void)[] = []

  constructor(private readonly width: number) {}

  /** Nobody is inside or waits to be. */
  get idle(): boolean {
    return this.inside === 0
  }

  /** How many wait for a turn. */
  get waiting(): number {
    return this.line.length
  }

  /**
   * Resolves when it is the caller's turn, with what lets the next one in (safe to call again); with null where the signal was
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
      const next = this.line.shift()
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
        this.line.splice(this.line.indexOf(granted), 1)
        resolve(false)
      }
      signal.addEventListener('abort', left, { once: true })
      this.line.push(granted)
    })
  }
}
