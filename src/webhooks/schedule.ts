const s = 1000
const min = 60 * s
const h = 60 * min

/** Waits after each failed try, in milliseconds: ten tries in some sixteen hours. */
export const defaultDelays: readonly number[] = [5 * s, 30 * s, 2 * min, 10 * min, 30 * min, h, 2 * h, 4 * h, 8 * h]

/** The wait after the `attempt`th failed try, from 1, or null where it was the last. A fifth more or less, so that what failed together comes apart. */
export function delayAfter(attempt: number, delays: readonly number[]): number | null {
  const delay = delays[attempt - 1]
  return delay === undefined ? null : Math.round(delay * (0.8 + Math.random() * 0.4))
}
