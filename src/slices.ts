import { setImmediate as turn } from 'node:timers/promises'

/** Long enough to get something done, and far below what a user notices. */
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

/** Work that can be done in pieces: it yields where the event loop may have a turn. */
export type Steps<T> = Generator<undefined, T>

/** How many small things are done between two yields of {@link Steps}: some tenths of a millisecond. */
const atOnce = 64

/** Whether the steps of a loop yield at this index. */
export function yieldsAt(index: number): boolean {
  return index % atOnce === atOnce - 1
}

/** Does the work without holding the event loop. Rejects with what it throws. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  const slice = createSlices()
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value
    await slice()
  }
}

/** Does the work in one go: for what is known to be small. */
export function atOneGo<T>(steps: Steps<T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value
}
