import type { LiveJob } from './live-job.js'
import type { Progress } from './progress.js'

/**
 * How a job is getting on: now, and again whenever it has said something, until it has ended or `signal` is aborted. `seq` grows
 * from one to the next. Who is slow gets the newest and misses what came in between.
 */
export async function* watchProgress(live: LiveJob | undefined, signal: AbortSignal): AsyncGenerator<{ seq: number; progress: Progress }> {
  if (live === undefined) return
  const { log, progress } = live
  const wake = () => log.poke()
  signal.addEventListener('abort', wake)
  try {
    for (let seen = 0; !signal.aborted && !log.closed; ) {
      if (log.lastSeq > seen) {
        seen = log.lastSeq
        yield { seq: seen, progress }
      } else {
        await log.change()
      }
    }
  } finally {
    signal.removeEventListener('abort', wake)
  }
}
