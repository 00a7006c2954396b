/**
 * How long a job has waited for others: a place, the model, its CLI or provider, a pause that its client asked for, a human. What is left of
 * its time is the bridge's own share. Several runs may wait at once; that time counts once.
 */
export class Waits {
  private open = 0
  private since = 0
  private sum = 0

  /** Milliseconds so far. */
  get ms(): number {
    return this.sum + (this.open > 0 ? performance.now() - this.since : 0)
  }

  /** A wait begins. Returns what ends it; a second call of that does nothing. */
  begin(): () => void {
    if (this.open === 0) this.since = performance.now()
    this.open += 1
    let over = false
    return () => {
      if (over) return
      over = true
      this.open -= 1
      if (this.open === 0) this.sum += performance.now() - this.since
    }
  }

  /** As long as that takes. */
  async during<T>(work: Promise<T>): Promise<T> {
    const end = this.begin()
    try {
      return await work
    } finally {
      end()
    }
  }

  /** So many milliseconds more, that nothing else has counted. */
  add(ms: number): void {
    this.sum += Math.max(0, ms)
  }
}
