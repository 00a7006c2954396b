/** How work here is ended before its own end: at a word, with the server, or because the job is another server's now. */
import type { Admission } from './admission.js'
import type { Endings } from './endings.js'
import type { LiveJob } from './live-job.js'
import type { RunningGates } from './running-gates.js'
import type { SharedJobs } from './shared-jobs.js'
import { Superseded } from './store.js'

export interface StoppingParts {
  admission: Admission
  gates: RunningGates
  live: Map<string, LiveJob>
  /** Something that should not happen, and whose job it was. */
  onTrouble(message: string, error: unknown, jobId: string): void
}

/** Cancelling answers when the work has stopped, or after this. */
const patienceMs = 2000

export class Stopping {
  /** set before the first job comes */
  endings!: Endings

  constructor(private readonly parts: StoppingParts) {}

  /** Ends a job with a cause; resolves when its end is stored and nothing of it runs, or after {@link patienceMs}. */
  async stop(live: LiveJob, cause: NonNullable<LiveJob['cause']>): Promise<void> {
    await this.endings.abort(live, cause)
    await this.gone(live)
  }

  /**
   * With the server: one that was asked for in the background goes on after the next start, or where there are other servers, on one of
   * them; the clients of any other are told.
   */
  async halt(live: LiveJob, shared: SharedJobs | null): Promise<void> {
    if (!live.job.background) return this.stop(live, 'shutdown')
    if (shared === null) {
      await this.endings.leave(live)
      return this.gone(live)
    }
    // what has ended is not to be run again: its end is tried once more
    if (live.unstoredEnd) return
    live.handedOver = this.endings
      .leave(live)
      .then(() => this.gone(live))
      .then(() => shared.handOver(live.job))
    await live.handedOver
  }

  /** Another server has taken the job over, or it was forgotten: its run here is of no use. */
  lose(live: LiveJob): void {
    if (live.lost) return
    live.lost = true
    live.cause ??= 'shutdown'
    live.ending ??= Promise.resolve()
    live.stopTimers()
    for (const quit of live.quit.splice(0)) quit()
    live.controller?.abort()
    this.over(live)
    // a later claim may run it here
    if (this.parts.live.get(live.job.id) === live) this.parts.live.delete(live.job.id)
    live.close()
  }

  /** Nothing of it begins here any more. */
  over(live: LiveJob): void {
    this.parts.admission.began(live)
    this.parts.gates.leave(live.job.id, live.job.owner)
  }

  /** Its events were refused by the store. */
  unstorable(live: LiveJob, error: unknown): void {
    if (error instanceof Superseded && live.fence !== undefined) return this.lose(live)
    const { id } = live.job
    this.parts.onTrouble('events could not be stored', error, id)
    const failure = { code: 'internal_error', message: 'The job could not be recorded.' } as const
    this.endings.abort(live, failure).catch((trouble: unknown) => this.parts.onTrouble('a job could not be ended', trouble, id))
  }

  /** Resolves when nothing of the job's runs is left, or when that takes too long. */
  private async gone(live: LiveJob): Promise<void> {
    let enough!: () => void
    const late = new Promise<void>((resolve) => (enough = resolve))
    const timer = setTimeout(enough, patienceMs)
    await Promise.race([Promise.all(live.gone), late])
    clearTimeout(timer)
  }
}
