/**
 * The one way of a job's events into the store, many jobs at a time: a token every few milliseconds per job would be a disk sync each.
 * One write is at work; every 25 ms the next takes what has come. A caller that waits is served at once. The record changes in memory
 * when the store has taken it, and not before.
 */
import type { LiveJob } from './live-job.js'
import type { Append, JobStore } from './store.js'

const flushEveryMs = 25

/** A caller that waits until everything up to an event is stored. */
interface Waiter {
  upTo: number
  resolve(): void
  reject(error: unknown): void
}

export class Writer {
  private readonly dirty = new Set<LiveJob>()
  /** those whose next write must be on the disk */
  private readonly synced = new Set<LiveJob>()
  private readonly waiting = new Map<LiveJob, Waiter[]>()
  private timer: NodeJS.Timeout | null = null
  private writing = false

  constructor(
    private readonly store: JobStore,
    /** Told of a job whose events were not taken, where no caller waits for them. */
    private readonly onFailure: (live: LiveJob, error: unknown) => void,
  ) {}

  /** The job has new events. */
  mark(live: LiveJob): void {
    this.dirty.add(live)
    this.synced.add(live)
    this.timer ??= setTimeout(() => this.now(), flushEveryMs)
  }

  /**
   * Has what the job has said so far stored. Rejects where the store does not take it: with `Superseded` where another writer has been
   * there. What was not taken is left to the next write. Not `synced`: see `JobStore.append`.
   */
  commit(live: LiveJob, { synced = true } = {}): Promise<void> {
    this.dirty.add(live)
    if (synced) this.synced.add(live)
    const stored = new Promise<void>((resolve, reject) => {
      const waiters = this.waiting.get(live) ?? []
      waiters.push({ upTo: live.log.lastSeq, resolve, reject })
      this.waiting.set(live, waiters)
    })
    this.now()
    return stored
  }

  /** Writes at once what is there. */
  now(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    // one write at a time; what comes during it goes with the next
    if (this.writing || this.dirty.size === 0) return
    this.writing = true
    this.write()
      // nothing of it may end the server: what could not be written is tried again with the next
      .catch(() => undefined)
      .finally(() => {
        this.writing = false
        if (this.dirty.size > 0) this.now()
      })
      .catch(() => undefined)
  }

  /** Never rejects. */
  private async write(): Promise<void> {
    // an answer that comes whole ends in this same turn of the loop: its end goes with it, with one sync of the disk and not two
    await new Promise((resolve) => setImmediate(resolve))
    const batch = [...this.dirty].map((live) => ({ live, write: live.toWrite() }))
    const synced = batch.some(({ live }) => this.synced.has(live))
    this.dirty.clear()
    this.synced.clear()
    const writes = batch.filter(({ write }) => write.events.length > 0 || write.usage!.length > 0)
    const results =
      writes.length === 0
        ? []
        : await this.append(
            writes.map(({ write }) => write),
            synced,
          )
    for (const [index, { live, write }] of writes.entries()) {
      const error = results[index]!
      if (error === null) live.written(write)
      else this.failed(live, write, error)
    }
    for (const { live } of batch) this.settle(live)
  }

  private async append(writes: Append[], synced: boolean): Promise<(Error | null)[]> {
    try {
      return await this.store.append(writes, { synced })
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error))
      return writes.map(() => cause)
    }
  }

  /** Those who wait for what the write had are told; where there are none, the job's runner is. */
  private failed(live: LiveJob, { after, events }: Append, error: Error): void {
    const waiters = this.waiting.get(live) ?? []
    const told = waiters.filter(({ upTo }) => upTo <= after + events.length)
    this.keepWaiting(
      live,
      waiters.filter((waiter) => !told.includes(waiter)),
    )
    for (const waiter of told) waiter.reject(error)
    if (told.length === 0) this.onFailure(live, error)
  }

  private settle(live: LiveJob): void {
    const waiters = this.waiting.get(live) ?? []
    const done = waiters.filter(({ upTo }) => upTo <= live.log.storedSeq)
    this.keepWaiting(
      live,
      waiters.filter((waiter) => !done.includes(waiter)),
    )
    for (const waiter of done) waiter.resolve()
  }

  private keepWaiting(live: LiveJob, waiters: Waiter[]): void {
    if (waiters.length > 0) this.waiting.set(live, waiters)
    else this.waiting.delete(live)
  }
}
