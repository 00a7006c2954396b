/** What is done every minute: ends that could not be stored, reviews that did not come, records that have expired, and the room that they took. */
import type { Endings } from './endings.js'
import type { LiveJob } from './live-job.js'
import { isOver } from './retention.js'
import { unreviewed } from './review.js'
import type { JobStore } from './store.js'

export interface UpkeepOptions {
  store: JobStore
  endings: Endings
  /** the jobs that have not ended, or whose end is not stored */
  live: ReadonlyMap<string, LiveJob>
  everyMs: number
  onTrouble(message: string, error: unknown, jobId?: string): void
}

export class Upkeep {
  private timer: NodeJS.Timeout | null = null

  constructor(private readonly options: UpkeepOptions) {}

  start(): void {
    const { store, everyMs } = this.options
    const failed = (what: string) => (error: unknown) => this.options.onTrouble(what, error)
    this.timer = setInterval(() => {
      this.storeEnds().catch(failed('what is done every minute failed'))
      this.endUnreviewed().catch(failed('what is done every minute failed'))
      store
        .prune(Date.now())
        .then(() => store.giveBack(() => this.isIdle()))
        .catch(failed('pruning failed'))
    }, everyMs)
    this.timer.unref()
  }

  /** No job is queued or running. */
  private isIdle(): boolean {
    return [...this.options.live.values()].every((live) => live.paused)
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer)
  }

  /** Tries again to store what has ended and could not be stored. */
  async storeEnds(): Promise<void> {
    const ended = [...this.options.live.values()].filter((live) => live.unstoredEnd)
    const failed = (error: unknown, id: string) => this.options.onTrouble('an end could still not be stored', error, id)
    await Promise.all(ended.map((live) => this.options.endings.storeEnd(live).catch((error: unknown) => failed(error, live.job.id))))
  }

  /** Ends jobs that were not reviewed for as long as their record is kept. */
  private async endUnreviewed(): Promise<void> {
    const late = [...this.options.live.values()].filter((live) => live.paused && isOver(live.job))
    const failed = (error: unknown, id: string) =>
      this.options.onTrouble('a job that was not reviewed in time could not be ended', error, id)
    await Promise.all(
      late.map((live) => this.options.endings.abort(live, unreviewed).catch((error: unknown) => failed(error, live.job.id))),
    )
  }
}
