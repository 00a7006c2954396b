import { Bell } from './bell.js'
import type { Changes } from './changes.js'
import type { LiveJob } from './live-job.js'
import type { Progress } from './progress.js'
import { type Replicas, endsJob } from './replicas.js'

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

export interface SharedWatch {
  /** the job, where it runs here */
  find: () => LiveJob | undefined
  replicas: Replicas
  here: Changes
}

/** How long nothing is heard of a job that runs elsewhere before it is looked at again, in milliseconds. */
const lookEveryMs = 1000

/** As {@link watchProgress}, of a job that any server may run: elsewhere it is as it was stored last. Ends when the job is over. */
export async function* watchShared(
  id: string,
  signal: AbortSignal,
  { find, replicas, here }: SharedWatch,
): AsyncGenerator<{ seq: number; progress: Progress }> {
  const bell = new Bell()
  let over = false
  const stops = [
    replicas.follow(id, (news) => {
      over ||= endsJob(news) || news === 'requires_action'
      bell.ring()
    }),
    here.listen(id, bell.ring),
  ]
  signal.addEventListener('abort', bell.ring)
  try {
    let told = ''
    for (let seq = 0; !signal.aborted && !over; ) {
      const live = find()
      if (live !== undefined) {
        for await (const { progress } of watchProgress(live, signal)) yield { seq: ++seq, progress }
        if (!live.lost) return
        continue
      }
      const progress = (await replicas.progressOf([id])).get(id)
      const now = JSON.stringify(progress)
      if (progress !== undefined && now !== told) {
        told = now
        yield { seq: ++seq, progress }
      } else {
        await bell.wait(lookEveryMs)
      }
    }
  } finally {
    signal.removeEventListener('abort', bell.ring)
    for (const stop of stops) stop()
  }
}
