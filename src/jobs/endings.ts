/** The one end of a job: the first to decide writes it, everyone else waits for that. */
import type { Failure } from '../errors/catalogue.js'
import type { LiveJob } from './live-job.js'
import type { JobObserver } from './observer.js'
import type { FinalStatus } from './status.js'
import { type JobStore, Superseded } from './store.js'
import type { Writer } from './writer.js'

export interface EndingsOptions {
  store: JobStore
  writer: Writer
  observer?: JobObserver
  /** The job has ended, stored or not. */
  onEnd: (live: LiveJob) => void
  /** The job's end is stored. */
  onStored(live: LiveJob): void
  /** Another server has taken the job over. */
  onLost(live: LiveJob): void
  /** Something that should not happen, and what was done about it. */
  onTrouble: (message: string, error: unknown, jobId?: string) => void
}

export class Endings {
  constructor(private readonly options: EndingsOptions) {}

  /** Stops the job's runs, or takes it out of the queue, and ends it. Resolves when that is stored. */
  async abort(live: LiveJob, cause: NonNullable<LiveJob['cause']>): Promise<void> {
    live.cause ??= cause
    live.controller?.abort()
    await this.endAborted(live)
  }

  /**
   * Stops the job's runs without ending the job: the next server finds it as after a crash, and runs it again where nothing of
   * it was delivered. Resolves when what was said so far is stored. A job that is ending already comes to its end.
   */
  async leave(live: LiveJob): Promise<void> {
    // first, so that runs that are cut here still tell what they have taken
    live.controller?.abort()
    live.ending ??= this.putAside(live)
    await live.ending
  }

  /** Tries again to store the end of a job that could not be stored. */
  async storeEnd(live: LiveJob): Promise<void> {
    await this.commitEnd(live)
    live.endIsStored()
    this.options.onStored(live)
  }

  /** Ends a job by the cause that its runs were stopped for. */
  endAborted(live: LiveJob): Promise<void> {
    const cause = live.cause ?? 'cancelled'
    if (cause === 'cancelled') {
      return this.end(live, 'cancelled', { code: 'cancelled', message: 'The job was cancelled.' })
    }
    if (cause === 'shutdown') {
      return this.end(live, 'failed', { code: 'server_shutdown', message: 'The server ended while the job ran.' })
    }
    return this.end(live, 'failed', cause)
  }

  /** The one place where a job ends. Resolves when the end is stored and can be read. */
  end(live: LiveJob, status: FinalStatus, error: Failure | null): Promise<void> {
    live.ending ??= this.writeEnd(live, status, error)
    return live.ending
  }

  private async writeEnd(live: LiveJob, status: FinalStatus, error: Failure | null): Promise<void> {
    const { options } = this
    const { id } = live.job
    live.stopTimers()
    for (const quit of live.quit.splice(0)) quit()
    // runs that were cut tell what they have taken
    for (const untold of live.spending.takeUntold()) live.append({ type: 'usage', sessionId: null, ...untold })
    live.spending.ended(status === 'failed')
    live.append({ type: 'end', status, error, overheadMs: live.overheadMs })
    try {
      await this.commitEnd(live)
      options.onStored(live)
    } catch (trouble) {
      if (trouble instanceof Superseded && live.fence !== undefined) return options.onLost(live)
      // readers are told all the same; the job is kept in memory until the store takes its end
      options.onTrouble('the end of a job could not be stored', trouble, id)
      live.unstoredEnd = true
      live.showUnstored()
    }
    options.onEnd(live)
    live.close(live.unstoredEnd)
    // where the record was deleted meanwhile, `live.job` does not know of the end
    options.observer?.ended(live.folded(), live.firstTokenMs)
  }

  /** Also resolves where the record is gone: it was deleted meanwhile. */
  private async commitEnd(live: LiveJob): Promise<void> {
    try {
      await this.options.writer.commit(live)
    } catch (error) {
      if (!(error instanceof Superseded) || (await this.options.store.get(live.job.id)) !== null) throw error
    }
  }

  private async putAside(live: LiveJob): Promise<void> {
    live.stopTimers()
    for (const quit of live.quit.splice(0)) quit()
    await this.options.writer
      .commit(live)
      .catch((error: unknown) => this.options.onTrouble('the last events of a job could not be stored', error, live.job.id))
    live.close()
  }
}

/** A job is complete only if every choice came to its own end. */
export function finalStatus(live: LiveJob): FinalStatus {
  const cutShort = live.answer.choices.some((choice) => choice.finish === 'length' || choice.finish === 'refusal')
  return cutShort ? 'incomplete' : 'completed'
}
