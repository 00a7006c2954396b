import type { Test } from 'tap'

/** Sets the clock back by an hour until the test is over. Timers and `performance.now()` go on, as they do when a machine's clock is set. */
export function setClockBack(t: Test): void {
  const { now } = Date
  Date.now = () => now() - 3_600_000
  t.teardown(() => void (Date.now = now))
}
