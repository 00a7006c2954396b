/** Reads the log of a job that runs on another server: stored events alone, as that server's writes tell of them. */
import { Bell } from './bell.js'
import type { Changes } from './changes.js'
import { BridgeError } from '../errors/catalogue.js'
import type { LoggedEvent } from './events.js'
import { upTo } from './reader.js'
import type { Replicas } from './replicas.js'
import { isFinal } from './status.js'
import type { JobStore } from './store.js'

/** What is looked at again, though nothing was heard of it. Milliseconds. */
const lookEveryMs = 2000
const pageSize = 500

/**
 * Batches of events above `after`, none empty. Ends after the `end` event, when `signal` is aborted, where the job is forgotten, and when
 * `isHere` says that it runs on this server now. @throws BridgeError log_lost where the log ends before `after`
 */
export async function* followLog(
  store: JobStore,
  replicas: Replicas,
  id: string,
  { after, signal, here }: { after: number; signal: AbortSignal; here: Changes & { has(id: string): boolean } },
): AsyncGenerator<LoggedEvent[]> {
  const bell = new Bell()
  const stops = [replicas.follow(id, () => bell.ring()), here.listen(id, bell.ring)]
  signal.addEventListener('abort', bell.ring)
  try {
    let next = after
    let heard = false
    while (!signal.aborted && !here.has(id)) {
      const batch = upTo(await store.events(id, next, pageSize))
      if (batch.length > 0) {
        yield batch
        const last = batch.at(-1)!
        if (last.event.type === 'end') return
        next = last.seq
        heard = true
        continue
      }
      if (!heard && (await isOver(store, id, next))) return
      heard = await bell.wait(lookEveryMs)
    }
  } finally {
    signal.removeEventListener('abort', bell.ring)
    for (const stop of stops) stop()
  }
}

/** Whether nothing follows the event: the job is forgotten, or has ended. */
async function isOver(store: JobStore, id: string, after: number): Promise<boolean> {
  const job = await store.get(id)
  if (job === null) return true
  if (job.lastSeq < after) {
    throw new BridgeError('log_lost', `The log of ${id} ends at event ${job.lastSeq}: what came after it was lost by the store.`)
  }
  return isFinal(job.status) && job.lastSeq === after
}

/** Resolves when the job has ended or waits for a human, when it runs here, when `ms` have gone by, or on `signal`. */
export async function followStatus(
  store: JobStore,
  replicas: Replicas,
  id: string,
  { signal, ms = Infinity, here }: { signal: AbortSignal; ms?: number | undefined; here: Changes & { has(id: string): boolean } },
): Promise<void> {
  const until = performance.now() + ms
  const bell = new Bell()
  const stops = [replicas.follow(id, (news) => news !== 'pieces' && bell.ring()), here.listen(id, bell.ring)]
  signal.addEventListener('abort', bell.ring)
  try {
    while (!signal.aborted && !here.has(id)) {
      const job = await store.get(id)
      if (job === null || isFinal(job.status) || job.status === 'requires_action') return
      const left = until - performance.now()
      if (left <= 0) return
      await bell.wait(Math.min(left, lookEveryMs))
    }
  } finally {
    signal.removeEventListener('abort', bell.ring)
    for (const stop of stops) stop()
  }
}
