import { setImmediate as turn } from 'node:timers/promises'

/** Long enough to get something done, and far below what anybody notices. */
const sliceMs = 10

/**
 * For long loops of work that never waits: call it after each piece. It gives the event loop a turn where the loop has had it for ten
 * milliseconds, and costs next to nothing otherwise.
 */
export function createSlices(): () => Promise<void> {
  let began = performance.now()
  return async () => {
    if (performance.now() - began < sliceMs) return
    await turn()
    began = performance.now()
  }
}
