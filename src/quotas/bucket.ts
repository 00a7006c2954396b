/** So much a minute, filled again evenly. What was taken may be more than was there: it is known only afterwards. */
export class Bucket {
  private left: number
  /** milliseconds of `performance.now()` */
  private at: number

  constructor(
    private perMinute: number,
    now: number,
  ) {
    this.left = perMinute
    this.at = now
  }

  /** @param perMinute the bound may have been changed */
  take(amount: number, perMinute: number, now: number): void {
    this.fill(perMinute, now)
    this.left -= amount
  }

  /** Other servers take from it as well: what is left as it was counted for all. */
  set(left: number, perMinute: number, now: number): void {
    this.perMinute = perMinute
    this.left = left
    this.at = now
  }

  /** What may be taken now; below 0 where more was taken than there was. */
  remaining(perMinute: number, now: number): number {
    this.fill(perMinute, now)
    return this.left
  }

  /** Milliseconds until so much is there. */
  until(amount: number, perMinute: number, now: number): number {
    const missing = Math.max(0, amount - this.remaining(perMinute, now))
    // of a bound of 0 nothing ever comes: it may be another one in a minute
    return missing === 0 ? 0 : perMinute === 0 ? 60_000 : (missing / perMinute) * 60_000
  }

  private fill(perMinute: number, now: number): void {
    // a larger bound is there at once, a smaller one holds at once
    this.left += perMinute - this.perMinute
    this.perMinute = perMinute
    this.left = Math.min(perMinute, this.left + ((now - this.at) / 60_000) * perMinute)
    this.at = now
  }
}
