import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Looks every few milliseconds; false if it has not come true in time. The limit is for what never comes: on a busy machine the start of a
 * CLI alone takes seconds.
 */
export async function until(isTrue: () => boolean, ms = 20_000): Promise<boolean> {
  const deadline = Date.now() + ms
  while (!isTrue()) {
    if (Date.now() > deadline) return false
    await sleep(5)
  }
  return true
}
