/**
 * Reads a job's log from any event on, stored or live, in order and without a gap, until the job has ended. The reader
 * pulls: a slow one reads later and delays no other.
 */
import { bytesOf, type LoggedEvent } from './events.js'
import type { LiveJob } from './live-job.js'
import type { JobStore } from './store.js'
import { createSlices } from '../slices.js'

export interface ReadOptions {
  /** number of the last event the reader has; 0 for all */
  after: number
  /**
   * Only what survives a crash: for readers that come back with an event's number. Up to 25 ms behind; without it a piece of
   * the answer is there as soon as the run says it.
   */
  durable: boolean
  signal: AbortSignal
}

const pageSize = 500
/** Of what they carry, so many bytes are handed over at once: a reader that takes nothing holds them in memory. */
const batchBytes = 64 * 1024

/** Batches of events, none empty. Ends after the `end` event, when `signal` is aborted, or where the store has no more. */
export async function* readLog(
  store: JobStore,
  id: string,
  live: LiveJob | undefined,
  { after, durable, signal }: ReadOptions,
): AsyncGenerator<LoggedEvent[]> {
  let next = after
  const slice = createSlices()
  const wake = () => live?.log.poke()
  signal.addEventListener('abort', wake)
  try {
    while (!signal.aborted) {
      const batch = upTo(live?.log.read(next, durable) ?? stored(await store.events(id, next, pageSize), live))
      if (batch.length > 0) {
        yield batch
        const last = batch.at(-1)!
        if (last.event.type === 'end') return
        next = last.seq
        // neither the store nor a reader that takes all has to wait for anything
        await slice()
      } else if (live === undefined || live.log.closed) {
        return
      } else {
        await live.log.change()
      }
    }
  } finally {
    signal.removeEventListener('abort', wake)
  }
}

/** The first of some events, as many as are handed over at once. */
export function upTo(events: LoggedEvent[]): LoggedEvent[] {
  let sum = 0
  const last = events.findIndex(({ event }) => (sum += bytesOf(event)) >= batchBytes)
  return last === -1 ? events : events.slice(0, last + 1)
}

/** What the disk has: the store may give an event a moment before that. */
function stored(events: LoggedEvent[], live: LiveJob | undefined): LoggedEvent[] {
  return live === undefined || live.log.closed ? events : events.filter(({ seq }) => seq <= live.log.storedSeq)
}
