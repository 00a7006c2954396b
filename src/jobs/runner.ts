/**
 * Runs jobs: a slot and an execution for each choice, the limits of time and silence, and the one end. Whatever happens to
 * a job, it ends once: the first to decide writes it, all others wait for that.
 */
import type { Failure } from '../errors/catalogue.js'
import type { JobRequest } from '../request/job-request.js'
import { Limiter, type Place } from '../limiter.js'
import type { Job } from './job.js'
import type { Review } from './review.js'
import type { CutCause, JobEvent } from './events.js'
import { startClocks } from './clocks.js'
import { type Endings, finalStatus } from './endings.js'
import { type Execution, type Executor, type Outcome, cutShort } from './executor.js'
import type { LiveJob } from './live-job.js'
import type { JobObserver } from './observer.js'
import type { Places } from './places.js'
import type { RunningGates } from './running-gates.js'
import type { Charge } from './spending.js'
import { OwnSeat, insideAnother } from './seat.js'
import { requestOf } from './request-of.js'
import { type JobStore, Superseded } from './store.js'
import { UnreadableRecord } from './unreadable.js'
import type { Writer } from './writer.js'

export interface RunnerOptions {
  store: JobStore
  executor: Executor
  writer: Writer
  places: Places
  /** longest silence of a run */
  idleTimeoutS: number
  endings: Endings
  observer?: JobObserver
  /** The owner has spent what it may. */
  budgetSpent?(owner: string): boolean
  gates: RunningGates
  find: (jobId: string) => LiveJob | undefined
  /** The first of the job's runs has got a slot. */
  onStart: (live: LiveJob) => void
  /** Something that should not happen, and what was done about it. */
  onTrouble: (message: string, error: unknown, jobId?: string) => void
}

/** Where the API or the CLI does not say what a run has cost, it is what its tokens cost. */
function priced(live: LiveJob, event: Extract<JobEvent, { type: 'usage' }>): JobEvent {
  const counted = live.spending.told(event.choice)
  return event.costUsd === null ? { ...event, costUsd: counted } : event
}

const budgetSpent: Failure = { code: 'insufficient_quota', message: 'The budget of this key was spent while the job waited.' }

const serverFailed: Failure = { code: 'internal_error', message: 'The server failed while it ran this job.' }

export class Runner {
  constructor(private readonly options: RunnerOptions) {}

  /** Puts every choice of the job into the line of its lane; those of a job that another one waits for, into that one's. */
  enqueue(live: LiveJob): void {
    const { id, owner, choices } = live.job
    const limiter = this.limiterOf(live)
    const waited = Array.from({ length: choices }, () => live.trace.waits.begin())
    const enter = () => {
      for (let choice = 0; choice < choices; choice++) {
        const begin = (place: Place) => {
          waited[choice]?.()
          this.begin(live, choice, limiter, place)
        }
        live.quit.push(limiter.enter(owner, begin))
      }
    }
    // what another job waits for is at work in that one's stead
    if (this.parentOf(live.job) !== undefined) enter()
    else live.quit.push(this.options.gates.enter(id, owner, enter))
  }

  /** Adds to the job's log and sees to it that it gets stored. */
  private emit(live: LiveJob, event: JobEvent): void {
    if (live.ending !== null) return
    const urgent = live.append(event.type === 'usage' ? priced(live, event) : event)
    this.options.writer.mark(live)
    if (!urgent) return
    this.options.writer.now()
    const at = live.now()
    live.firstTokenMs ??= at - live.job.createdAt
    live.trace.firstToken()
    this.options.observer?.answering(live.job, at)
  }

  private cutBy({ costReached, job }: LiveJob): CutCause | null {
    if (costReached) return 'max_cost_usd'
    return this.options.budgetSpent?.(job.owner) === true ? 'budget' : null
  }

  /** What comes after the end is decided is lost: the end takes what is known then with it. */
  private spent(live: LiveJob, choice: number, charge: Charge): void {
    if (live.ending !== null) return
    const nanoUsd = live.spending.add(choice, charge)
    this.options.writer.mark(live)
    this.options.observer?.charged?.(live.job, charge, nanoUsd)
  }

  private limiterOf({ job }: LiveJob): Limiter {
    const parent = this.parentOf(job)
    return parent === undefined ? this.options.places.of(job) : (parent.nested ??= new Limiter({ bound: 1 }))
  }

  /** The job that waits for this one, and in whose place this one runs: else both could wait for a place for ever. */
  private parentOf({ background, view }: Job): LiveJob | undefined {
    return background || view.parent === undefined ? undefined : this.options.find(view.parent)
  }

  private begin(live: LiveJob, choice: number, limiter: Limiter, place: Place): void {
    if (live.ending !== null || live.cause !== null) {
      // it ended while it waited; not from within the limiter's own loop
      setImmediate(() => place.leave())
      return
    }
    const gone = this.runChoice(live, choice, limiter, place)
      .catch((error: unknown) => {
        this.options.onTrouble('a run failed in a way that was not foreseen', error, live.job.id)
        return this.options.endings.abort(live, error instanceof UnreadableRecord ? error.failure : serverFailed)
      })
      .catch((error: unknown) => this.options.onTrouble('a job could not be ended', error, live.job.id))
      .finally(() => place.leave())
    live.gone.push(gone)
  }

  /** Resolves when nothing of the run is left. */
  private async runChoice(live: LiveJob, choice: number, limiter: Limiter, place: Place): Promise<void> {
    live.started ??= this.start(live)
    const request = await live.started
    // null: the job was forgotten in this moment
    if (request === null || live.controller === null || live.ending !== null || live.cause !== null) return
    let over = false
    const alive = () => {
      live.progress.lastSignOfLife = live.now()
    }
    // another choice has cost what the job may, or another job what their owner may
    const cut = this.cutBy(live)
    if (cut === 'budget' && !live.spending.any) return this.settle(live, choice, { kind: 'failed', failure: budgetSpent })
    if (cut !== null) return this.settle(live, choice, cutShort(cut))
    const seat = this.seatOf(live, live.controller.signal, limiter, place)
    const execution = this.options.executor.run({
      jobId: live.job.id,
      owner: live.job.owner,
      choice,
      request,
      review: live.job.review,
      signal: live.controller.signal,
      emit: (event) => {
        if (!over) this.emit(live, event)
      },
      cutBy: () => this.cutBy(live),
      spent: (charge) => this.spent(live, choice, charge),
      alive,
      ...{ span: live.trace.ofRun, waits: live.trace.waits },
      seat: this.parentOf(live.job) === undefined ? seat : insideAnother(seat),
      trouble: (message, error) => this.options.onTrouble(message, error, live.job.id),
    })
    alive()
    const gone = execution.gone.catch((error: unknown) =>
      this.options.onTrouble('what a run had left could not be cleared away', error, live.job.id),
    )
    const outcome = await this.outcomeOf(execution, gone, live.job.id)
    over = true
    await this.settle(live, choice, outcome)
    await gone
    seat.leave()
  }

  private seatOf(live: LiveJob, signal: AbortSignal, limiter: Limiter, place: Place): OwnSeat {
    const parent = this.parentOf(live.job)
    const atWork = (by: 1 | -1) => {
      live.active += by
      live.progress.lastSignOfLife = live.now()
      // who waits for its own question is not silent
      if (parent === undefined) return
      parent.active -= by
      parent.progress.lastSignOfLife = parent.now()
    }
    return new OwnSeat(live.job.owner, signal, { begins: () => atWork(1), stops: () => atWork(-1) }, limiter, place)
  }

  /** The run's outcome, also of an executor that does not keep its promises: without one no job would end. */
  private outcomeOf(execution: Execution, gone: Promise<void>, jobId: string): Promise<Outcome> {
    const broken = (error: unknown): Outcome => {
      this.options.onTrouble('a run had no outcome', error, jobId)
      return { kind: 'failed', failure: serverFailed }
    }
    return new Promise((resolve) => {
      let given = false
      const settle = (outcome: Outcome) => {
        given = true
        resolve(outcome)
      }
      execution.outcome.then(settle, (error: unknown) => settle(broken(error)))
      const end = () =>
        setImmediate(() => {
          if (!given) settle(broken(new Error('the run has gone without one')))
        })
      gone.then(end, end)
    })
  }

  /** Marks the job as running, once, and starts its clocks. Resolves with its request. */
  private async start(live: LiveJob): Promise<JobRequest | null> {
    live.controller = new AbortController()
    this.options.onStart(live)
    live.trace.began()
    live.append({ type: 'status', status: 'in_progress', phase: 'starting' })
    live.showUnstored()
    const { id } = live.job
    if (live.ending === null) {
      startClocks(live, this.options.idleTimeoutS, (failure) => {
        this.options.endings
          .abort(live, failure)
          .catch((error: unknown) => this.options.onTrouble('a job that ran out of time could not be ended', error, id))
      })
    }
    // before anything is done with the request: where that kills the server, the next one knows whose it was. The disk is waited for
    // only where that has happened before
    await this.options.writer.commit(live, { synced: live.suspect }).catch((error: unknown) => {
      // another server has ended it, or has it: that is no trouble
      const isLost = error instanceof Superseded && live.fence !== undefined
      if (!isLost) this.options.onTrouble('the start of a job could not be stored', error, id)
      return this.options.endings.abort(live, serverFailed)
    })
    const request = live.request
    live.request = undefined
    return request ?? (live.ending === null ? requestOf(this.options.store, id) : null)
  }

  private async settle(live: LiveJob, choice: number, outcome: Outcome): Promise<void> {
    if (live.ending !== null) return
    switch (outcome.kind) {
      case 'finished': {
        const { reason, refusal, cause } = outcome
        const more = { ...(refusal !== undefined && { refusal }), ...(cause !== undefined && { cause }) }
        this.emit(live, { type: 'finish', choice, reason, ...more })
        live.runsLeft -= 1
        if (live.runsLeft === 0) await this.options.endings.end(live, finalStatus(live), null)
        return
      }
      case 'failed':
        live.cause ??= outcome.failure
        // the other choices' runs are of no use now
        live.controller?.abort()
        return this.options.endings.endAborted(live)
      case 'review':
        return this.pause(live, outcome.review)
      case 'aborted':
        return this.options.endings.endAborted(live)
    }
  }

  /** The job waits for a human, who may take days: no clock ends it meanwhile. */
  private async pause(live: LiveJob, review: Review): Promise<void> {
    live.stopTimers()
    await this.commitEvent(live, { type: 'review', reason: review.reason, review })
    // its run has come to an end: what kills a server later is another run
    if (live.suspect) await this.options.store.countDeaths(live.job.id, 0)
    live.suspect = false
    this.options.gates.leave(live.job.id, live.job.owner)
    live.trace.paused()
    live.pause()
  }

  /** The last response of a job that waits for a human becomes its answer. */
  async approve(live: LiveJob): Promise<void> {
    this.emit(live, { type: 'text', choice: 0, text: live.job.review!.lastResponse })
    this.emit(live, { type: 'finish', choice: 0, reason: 'stop' })
    await this.options.endings.end(live, 'completed', null)
  }

  /** Makes a job that waits for a human ready for more attempts. The caller enqueues it. Rejects, and it waits on, if that cannot be stored. */
  async again(live: LiveJob, feedback: string | undefined): Promise<void> {
    live.deciding = true
    try {
      const reason = 'more attempts were asked for'
      await this.commitEvent(live, {
        type: 'status',
        status: 'queued',
        phase: 'queued',
        reason,
        ...(feedback !== undefined && { feedback }),
      })
    } finally {
      live.deciding = false
    }
    live.started = null
    live.controller = null
    live.runsLeft = live.job.choices
  }

  /** An event that changes the record: shown when it is stored; as if it had never been where it cannot be. */
  private async commitEvent(live: LiveJob, event: JobEvent): Promise<void> {
    live.append(event, true)
    const seq = live.log.lastSeq
    try {
      await this.options.writer.commit(live)
    } catch (error) {
      live.log.takeBack(seq)
      throw error
    }
  }
}
