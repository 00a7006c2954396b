/** From what is asked to a job on record. */
import { BridgeError } from '../errors/catalogue.js'
import type { Limiter } from '../limiter.js'
import type { Admission, Arrival } from './admission.js'
import type { Deferred } from './deferred.js'
import type { LoggedEvent } from './events.js'
import { newJobId } from './ids.js'
import type { Job, NewJob } from './job.js'
import type { LiveJob } from './live-job.js'
import type { Places } from './places.js'
import { hasExpired } from './retention.js'
import { isFinal } from './status.js'
import type { JobStore } from './store.js'

/** A job that has just been stored, and what it was made of. */
export interface Created {
  job: Job
  first: LoggedEvent
  asked: NewJob
  /** another job of this server waits for it, so that it runs in that one's place */
  nested: boolean
  /** resolves when it survives a power cut */
  synced: Promise<void>
}

export interface SubmissionOptions {
  store: JobStore
  places: Places
  admission: Admission
  /** the jobs that this server holds */
  live: ReadonlyMap<string, LiveJob>
  /** what an earlier server left is taken up; rejects where this one ends before */
  takenUp: Deferred
  /** Whether an owner's key was revoked: no job is made for it any more. */
  isRevoked?(owner: string): boolean
  /** @throws BridgeError server_shutdown where no job is taken any more */
  refuseAtEnd(): void
  /** Sees to it that a new job runs. Called in the step in which it was stored. Resolves with its record. */
  accept(created: Created): Promise<Job>
}

export class Submission {
  constructor(private readonly options: SubmissionOptions) {}

  /** See `Jobs.submit`. */
  async submit(asked: NewJob): Promise<{ job: Job; joined: boolean }> {
    const { live, places, admission, takenUp } = this.options
    this.options.refuseAtEnd()
    this.refuseRevoked(asked.owner)
    if (!takenUp.done) {
      await takenUp.promise
      return this.submit(asked)
    }
    const limiter = places.of(asked)
    // what another job waits for runs in that one's place
    const nested = !asked.background && asked.view.parent !== undefined && live.has(asked.view.parent)
    const taken = await admission.take(asked.owner, limiter, nested)
    if (!(taken instanceof BridgeError)) return this.create(asked, nested, taken)
    const earlier = (await this.joinEarlier(asked)) ?? (await this.joinArriving(asked, limiter))
    if (earlier === null) throw taken
    return { job: earlier, joined: true }
  }

  /** As `joinEarlier`, of what takes the last place and is not stored yet. */
  private async joinArriving(asked: NewJob, limiter: Limiter): Promise<Job | null> {
    if (asked.idempotency === undefined) return null
    await this.options.admission.arrivals(limiter)
    return this.joinEarlier(asked)
  }

  /** See `Jobs.joinEarlier`. */
  async joinEarlier(asked: Pick<NewJob, 'owner' | 'background' | 'idempotency'>): Promise<Job | null> {
    const { store, takenUp } = this.options
    this.options.refuseAtEnd()
    if (!takenUp.done) {
      await takenUp.promise
      return this.joinEarlier(asked)
    }
    const { owner, background, idempotency } = asked
    const earlier = idempotency === undefined ? null : await store.earlier(owner, idempotency)
    return earlier === null || hasExpired(earlier.job) ? null : this.join(earlier, background)
  }

  private async create(asked: NewJob, nested: boolean, arrival: Arrival): Promise<{ job: Job; joined: boolean }> {
    const { store } = this.options
    const { request, idempotency, ...rest } = asked
    const createdAt = Date.now()
    const job: Job = {
      ...rest,
      id: newJobId(),
      status: 'queued',
      attempts: 0,
      createdAt,
      startedAt: null,
      completedAt: null,
      expiresAt: null,
      lastSeq: 1,
      answer: null,
      error: null,
      review: null,
    }
    const first: LoggedEvent = { seq: 1, at: createdAt, event: { type: 'status', status: 'queued', phase: 'queued' } }
    arrival.sent()
    const created = await store.create(job, request, first, idempotency).catch((error: unknown) => {
      arrival.arrived()
      throw error
    })
    // `accept` follows in the same step: a count in between would find this job missing, or twice
    arrival.arrived(created.created)
    if (created.created) {
      return { job: await this.options.accept({ job, first, asked, nested, synced: created.synced }), joined: false }
    }
    if (hasExpired(created.job)) {
      await store.delete(created.job.id)
      this.options.refuseAtEnd()
      return this.create(asked, nested, arrival)
    }
    return { job: await this.join(created, asked.background), joined: true }
  }

  /** A request may take longer to come than its key is valid. */
  private refuseRevoked(owner: string): void {
    if (this.options.isRevoked?.(owner) === true) throw new BridgeError('invalid_api_key', 'This API key was revoked.')
  }

  /** The job that another request asked for; from now on in the background if this one wants it so. */
  private async join({ job: stored, sameBody }: { job: Job; sameBody: boolean }, background: boolean): Promise<Job> {
    const { store, live } = this.options
    if (!sameBody) throw new BridgeError('idempotency_key_reused', 'This Idempotency-Key was used before with another body.')
    const job = live.get(stored.id)?.job ?? stored
    if (!background || job.background || isFinal(job.status)) return job
    await store.keep(job.id)
    live.get(job.id)?.kept()
    return live.get(job.id)?.job ?? { ...job, background }
  }
}
