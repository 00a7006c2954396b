/** Jobs of a store that several servers share: who runs one, who ends one that runs elsewhere, and what becomes of a dead server's. */
import { BridgeError, type Failure } from '../errors/catalogue.js'
import { emptyAnswer } from './answer.js'
import type { Job } from './job.js'
import { tellEnded } from './job-trace.js'
import { LiveJob } from './live-job.js'
import type { JobObserver } from './observer.js'
import { type Resumed, end, requeue, saidBy, takeOver } from './recovery.js'
import { type Claimed, type ReplicaListener, type Replicas, endsJob } from './replicas.js'
import { isOver } from './retention.js'
import { unreviewed } from './review.js'
import type { PriceOf } from './spending.js'
import { isFinal } from './status.js'
import { type JobStore, Superseded } from './store.js'
import type { Created } from './submission.js'
import type { Tracing } from './trace.js'
import { unlessUnreadable } from './unreadable.js'

export interface SharedJobsOptions {
  store: JobStore
  replicas: Replicas
  /** the jobs that run here */
  live: Map<string, LiveJob>
  observer?: JobObserver
  /** Takes a queued job into memory. */
  hold(job: Job, fence: number): LiveJob
  /** Into the line of its lane here. */
  enqueue(live: LiveJob, created?: Created): void
  /** Ends one that runs here. */
  stop(live: LiveJob): Promise<void>
  /** Ends one wherever it runs. */
  cancel(id: string): Promise<void>
  /** How many wait in a lane, on all servers, was counted. */
  onCounted(lane: string, asOf: number): void
  /** This server ends: nothing more begins. */
  isEnding(): boolean
  /** Whether an owner's key was revoked. */
  isRevoked?(owner: string): boolean
  /** what a call of a model's API costs; left out: nothing */
  priceOf?: PriceOf
  /** where spans go; left out: nowhere */
  tracing?: Tracing
  onTrouble(message: string, error: unknown, jobId?: string): void
}

/** Cancelling answers when the work has stopped, or after this. */
const stopPatienceMs = 2000
const cancelled: Failure = { code: 'cancelled', message: 'The job was cancelled.' }
const unfinished = ['queued', 'in_progress'] as const

export class SharedJobs implements ReplicaListener {
  /** resolves when the suspects that came before are over */
  private suspects = Promise.resolve()

  constructor(private readonly options: SharedJobsOptions) {}

  /** A new job gets into the line of all servers, or into its parent's place here. */
  async accept(created: Created): Promise<Job> {
    const { replicas } = this.options
    const { job, nested } = created
    if (nested) {
      const claimed = await replicas.claim(job.id, unfinished)
      if (claimed === null) return job
      const live = this.options.hold(job, claimed.fence)
      this.options.enqueue(live, created)
      this.done(live).catch(this.trouble('a job could not be given back', job.id))
      return live.job
    }
    if (!job.background) await replicas.expectClient(job.id)
    await replicas.offer(job)
    return job
  }

  async run(claimed: Claimed, begun: () => void): Promise<boolean> {
    const { id } = claimed.job
    try {
      const resumed = await this.toRun(claimed)
      if (resumed === null) {
        await this.options.replicas.release(claimed.job, claimed.fence)
        return false
      }
      if (this.options.isEnding()) return await this.handOver(resumed.job)
      const live = this.options.hold(resumed.job, claimed.fence)
      live.suspect = resumed.suspect
      if (live.suspect) this.afterSuspects(live)
      else this.options.enqueue(live)
      begun()
      await this.done(live)
      return (await live.handedOver) === true
    } catch (error) {
      // another server was faster
      if (!(error instanceof Superseded)) this.options.onTrouble('a job could not be taken up', error, id)
      return false
    }
  }

  /**
   * This server ends, and the job with its runs here has been stopped: where nothing of it can have been delivered any server may run it
   * again, else it ends. Resolves with whether it waits in the line.
   */
  async handOver({ id }: Job): Promise<boolean> {
    const { store, replicas } = this.options
    const claimed = await replicas.claim(id, unfinished)
    if (claimed === null) return false
    const { job, fence, delivered, usedTools, deaths } = claimed
    // it was no death that ended its run here
    if (deaths > 0 && job.status === 'in_progress') await store.countDeaths(id, 0)
    const goesOn = !delivered && !usedTools
    if (!goesOn) await this.end(claimed, { code: 'server_shutdown', message: 'The server ended while the job ran.' })
    else if (job.status === 'in_progress') await requeue(store, job, fence)
    await replicas.release(job, fence)
    return goesOn
  }

  /** Another server asks. What is not here is none of ours. */
  cancel(id: string): void {
    const live = this.options.live.get(id)
    if (live !== undefined) this.options.stop(live).catch(this.trouble('a job could not be cancelled', id))
  }

  counted(lane: string, asOf: number): void {
    this.options.onCounted(lane, asOf)
  }

  async sweep(): Promise<void> {
    const page = await this.options.store.list({ status: 'requires_action', order: 'asc', limit: 100 })
    for (const { id } of page.jobs.filter(isOver)) await this.endHere(id, ['requires_action'], unreviewed)
  }

  /** Ends a job that does not run here. Resolves with whether there is nothing more to do; else it is to be looked at again. */
  async cancelElsewhere(id: string): Promise<boolean> {
    const { store, replicas, live } = this.options
    const job = await store.get(id)
    if (job === null || isFinal(job.status)) return true
    if (live.has(id)) return false
    if (job.status !== 'in_progress') return this.endHere(id, ['queued', 'requires_action'], cancelled)
    const over = new Promise<void>((resolve) => {
      const stop = replicas.follow(id, (news) => {
        if (!endsJob(news)) return
        stop()
        resolve()
      })
      setTimeout(() => (stop(), resolve()), stopPatienceMs).unref()
    })
    await replicas.askToCancel(id)
    await over
    return true
  }

  /** Ends what revoked keys have left unfinished, wherever it is. */
  async cancelRevoked(): Promise<void> {
    for (const status of [...unfinished, 'requires_action'] as const) {
      for (let after: string | undefined; ; ) {
        const page = await this.options.store.list({ status, order: 'asc', limit: 100, ...(after !== undefined && { after }) })
        for (const { id, owner } of page.jobs) if (this.options.isRevoked?.(owner) === true) await this.options.cancel(id)
        after = page.jobs.at(-1)?.id
        if (!page.hasMore || after === undefined) break
      }
    }
  }

  /**
   * Takes a job that waits for a human and has it decided; what goes on then is run by any server.
   * @throws BridgeError not_waiting_for_review, also where another server has decided meanwhile; what `decide` throws
   */
  async review(id: string, decide: (live: LiveJob) => Promise<void>): Promise<void> {
    const { replicas, priceOf } = this.options
    const claimed = await replicas.claim(id, ['requires_action'])
    if (claimed === null) throw new BridgeError('not_waiting_for_review', 'The task does not wait for a review.')
    const live = LiveJob.paused(claimed.job, priceOf)
    live.fence = claimed.fence
    try {
      await decide(live)
    } catch (error) {
      if (!live.lost && !(error instanceof Superseded)) {
        await replicas.release(live.job, claimed.fence)
        throw error
      }
      live.lost = true
    }
    // an end that another claim has forestalled is refused without an error
    if (live.lost) throw new BridgeError('not_waiting_for_review', 'The task does not wait for a review any more.')
    await replicas.release(live.job, claimed.fence)
    if (live.job.status === 'queued') await replicas.offer(live.job)
  }

  /** Ends a job without running it. False where it has gone on meanwhile. */
  private async endHere(id: string, statuses: readonly Job['status'][], failure: Failure): Promise<boolean> {
    const claimed = await this.options.replicas.claim(id, statuses).catch(unlessUnreadable(null))
    if (claimed === null) return false
    try {
      await this.end(claimed, failure)
      // a server that has it in its line lets it go
      await this.options.replicas.askToCancel(id)
      return true
    } catch (error) {
      if (error instanceof Superseded) return false
      throw error
    } finally {
      await this.options.replicas.release(claimed.job, claimed.fence)
    }
  }

  private async end({ job, fence, delivered }: Claimed, failure: Failure): Promise<void> {
    const said = job.answer ?? (delivered ? await saidBy(this.options.store, job) : emptyAnswer())
    const ended = await end(this.options.store, job, failure, said, fence)
    this.told(ended)
  }

  private told(ended: Job): void {
    this.options.observer?.ended(ended, null)
    tellEnded(ended, this.options.tracing)
  }

  /** The job as it is to run here; null where it is ended instead. */
  private async toRun(claimed: Claimed): Promise<Resumed | null> {
    const { job, fence, cancelled: asked, clientless, deaths } = claimed
    if (asked || (clientless && !job.background)) {
      await this.end(claimed, cancelled)
      return null
    }
    if (job.status === 'queued') return { job, suspect: deaths > 0 }
    const { store } = this.options
    const listener = {
      onSetAside: (message: string, jobId: string) => this.options.onTrouble(message, undefined, jobId),
      onEnded: (ended: Job) => this.told(ended),
    }
    return takeOver(store, claimed, false, listener, fence)
  }

  /** Jobs whose server was killed run one at a time here, so that the next death counts against one of them only. */
  private afterSuspects(live: LiveJob): void {
    this.suspects = this.suspects
      .then(async () => {
        if (live.ending !== null || live.cause !== null || this.options.isEnding()) return
        this.options.enqueue(live)
        await live.whenOver()
        await Promise.all(live.gone)
      })
      .catch(this.trouble('a job could not be run', live.job.id))
  }

  /** Resolves when nothing of the job is left here. */
  private async done(live: LiveJob): Promise<void> {
    await live.whenOver()
    await live.ending
    await Promise.all(live.gone)
    // until then no other server may take it up
    await live.endStored()
    const { id } = live.job
    if (this.options.live.get(id) === live) this.options.live.delete(id)
    // a later claim may run it here again
    if (!this.options.live.has(id)) this.options.observer?.left?.(id)
    // also what was lost: where the store has fallen behind, no other server has claimed it
    await this.options.replicas.release(live.job, live.fence!)
  }

  private trouble(message: string, id: string): (error: unknown) => void {
    return (error) => this.options.onTrouble(message, error, id)
  }
}
