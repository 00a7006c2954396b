/**
 * Writes the events of all running jobs to the store, many at a time: a token every few milliseconds per job would be a
 * disk sync each. Every 25 ms one transaction takes what has come; `now` is for what must not wait.
 */
import type { LiveJob } from './live-job.js'
import type { JobStore } from './store.js'

const flushEveryMs = 25

export class Flusher {
  private readonly dirty = new Set<LiveJob>()
  private timer: NodeJS.Timeout | null = null
  private flushing: Promise<void> | null = null

  constructor(
    private readonly store: JobStore,
    /** Told which jobs' events could not be stored. */
    private readonly onFailure: (jobs: LiveJob[], error: unknown) => void,
  ) {}

  /** The job has new events. */
  mark(live: LiveJob): void {
    this.dirty.add(live)
    this.timer ??= setTimeout(() => this.now(), flushEveryMs)
  }

  /** Writes at once what is there. */
  now(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    // one write at a time; what comes during it goes with the next
    if (this.flushing !== null || this.dirty.size === 0) return
    this.flushing = this.write().finally(() => {
      this.flushing = null
      if (this.dirty.size > 0) this.now()
    })
  }

  /** Leaves a job out from now on: whoever ends it writes the rest of its events with the end. */
  forget(live: LiveJob): void {
    this.dirty.delete(live)
  }

  private async write(): Promise<void> {
    const dirty = [...this.dirty]
    this.dirty.clear()
    await Promise.all(dirty.map((live) => live.log.writing))
    // an answer that comes whole ends in this same turn of the loop: its end then writes it, with one sync of the disk and not two
    await new Promise((resolve) => setImmediate(resolve))
    // one that has come to its end meanwhile has somebody else who writes
    const jobs = dirty.filter((live) => live.ending === null)
    if (jobs.length === 0) return
    const batch = jobs.map((live) => ({ id: live.job.id, events: live.log.handOver() }))
    const upTo = jobs.map((live) => live.log.handedSeq)
    const written = this.store.append(batch).then(
      () => {
        for (const [index, live] of jobs.entries()) live.log.stored(upTo[index]!)
        return null
      },
      (error: unknown) => {
        // before anybody who waits for this write takes what is next
        for (const live of jobs) live.log.takeBack()
        return { error }
      },
    )
    for (const live of jobs) live.log.writing = written.then(() => {})
    const failure = await written
    if (failure !== null) this.onFailure(jobs, failure.error)
  }
}
