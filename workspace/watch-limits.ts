/** Looks at a folder's size while a job runs. A look at a time, and never more than a fifth of one core's time. */
import { type Limits, exceeds, measure } from './measure.js'

const everyMs = 250

/** Calls `onExceeded` once, if it comes to that. The returned function ends the watch. */
export function watchLimits(folders: readonly string[], limits: Limits, onExceeded: (sum: Limits) => void): () => void {
  let timer: NodeJS.Timeout
  let over = false
  const look = async () => {
    const began = performance.now()
    const sum = await measure(folders, limits)
    if (over) return
    if (exceeds(sum, limits)) {
      over = true
      return onExceeded(sum)
    }
    again(Math.max(everyMs, (performance.now() - began) * 4))
  }
  const again = (ms: number) => {
    // a look that fails is followed by another
    timer = setTimeout(() => look().catch(() => !over && again(everyMs)), ms)
    timer.unref()
  }
  again(everyMs)
  return () => {
    over = true
    clearTimeout(timer)
  }
}
