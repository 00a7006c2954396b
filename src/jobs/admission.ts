/** Whether one more job is taken: how many wait for their start, in the line of each limiter, and what an owner's take in the store. */
import { BridgeError } from '../errors/catalogue.js'
import type { Limiter } from '../limiter.js'
import { Deferred } from './deferred.js'
import type { LiveJob } from './live-job.js'
import { nextInOrder } from './sequence.js'
import type { JobStore } from './store.js'

export interface AdmissionOptions {
  store: JobStore
  /** jobs of each limiter that may wait for their start */
  maxQueued: number
  /** what owners may use; left out: as much as they like */
  limits?: JobLimits
  /** the common line of several servers; left out: the lines are this server's */
  elsewhere?: Elsewhere
}

export interface Elsewhere {
  /** jobs in the line of a limiter, as they were counted last */
  waiting(limiter: Limiter): number
  /** Counts anew. Resolves with how many are the owner's, in all lines. */
  look(limiter: Limiter, owner: string): Promise<number>
}

export interface JobLimits {
  /** Counts a new job; returns why it is not taken. */
  admit(owner: string): BridgeError | null
  /** As `admit`, where several servers share a line: counts for all of them. */
  admitShared?(owner: string): Promise<BridgeError | null>
  /** what the jobs of an owner may take in the store, in bytes; undefined: no bound */
  storedBytesOf(owner: string): number | undefined
  /** jobs of an owner at work; undefined: no bound */
  runningOf(owner: string): number | undefined
  /** The owner has spent what it may. */
  budgetSpent(owner: string): boolean
}

/** Of those that may wait: so many of an owner are taken though the line is full with others'. */
const ownShare = 0.1

interface Line {
  waiting: Set<LiveJob>
  /** new jobs that no count of the common line of several servers has, or that are not stored */
  arriving: Set<Arrival>
  /** begun here, and in that line when it was counted last */
  begun: Set<LiveJob>
}

/** A job on its way to a line. */
export interface Arrival {
  /** It is about to be stored. */
  sent(): void
  /** It is stored, or will not be. Safe to call again. */
  arrived(stored?: boolean): void
  /** its number in the order of what the store is asked; null before {@link sent} */
  readonly sentAt: number | null
  /** settled by {@link arrived} */
  readonly answer: Deferred
}

export class Admission {
  private readonly lines = new Map<Limiter, Line>()

  constructor(private readonly options: AdmissionOptions) {}

  /**
   * Whether a job that comes now is taken: why it is not, or what is to be told when it is stored, or will not be. Until then it is counted
   * as queued, so that of many at once none is counted too late. @param nested it stands in no line: another job waits for it
   */
  async take(owner: string, limiter: Limiter, nested: boolean): Promise<BridgeError | Arrival> {
    const { elsewhere, limits } = this.options
    if (elsewhere === undefined) {
      const refusal = (await this.storeFull(owner)) ?? this.refusal(limiter, owner, nested)
      return refusal ?? this.arriving(limiter)
    }
    if (!nested) {
      const own = await elsewhere.look(limiter, owner)
      if (!this.hasRoom(limiter) && !this.mayShare(limiter, own)) return this.queueFull(limiter)
    }
    const arrival = this.arriving(limiter)
    const admit = async () => (limits?.admitShared === undefined ? limits?.admit(owner) : limits.admitShared(owner))
    const refusal = async () => (await this.storeFull(owner)) ?? (await admit()) ?? null
    const why = await refusal().catch((error: unknown) => {
      arrival.arrived()
      throw error
    })
    if (why === null) return arrival
    arrival.arrived()
    return why
  }

  private async storeFull(owner: string): Promise<BridgeError | null> {
    const most = this.options.limits?.storedBytesOf(owner)
    if (most === undefined) return null
    const stored = await this.options.store.storedBytes(owner)
    if (stored < most) return null
    const message = `The tasks of this key take ${stored} bytes, and ${most} is the most (STORED_MB): delete some, or wait until they expire.`
    return new BridgeError('insufficient_quota', message)
  }

  /** Jobs that have not begun, those that are being written for the first time among them. */
  queued(limiter: Limiter): number {
    const { elsewhere } = this.options
    const { waiting, arriving, begun } = this.lineOf(limiter)
    if (elsewhere === undefined) return waiting.size + arriving.size
    return Math.max(0, elsewhere.waiting(limiter) + arriving.size - begun.size)
  }

  private refusal(limiter: Limiter, owner: string, nested: boolean): BridgeError | null {
    const isTaken = nested || this.hasRoom(limiter) || this.hasShare(limiter, owner)
    return isTaken ? (this.options.limits?.admit(owner) ?? null) : this.queueFull(limiter)
  }

  private queueFull(limiter: Limiter): BridgeError {
    const message = `All ${limiter.bound} slots are taken and ${this.queued(limiter)} jobs wait already.`
    return new BridgeError('queue_full', message, { retryAfter: 5 })
  }

  hasRoom(limiter: Limiter): boolean {
    return this.queued(limiter) < this.options.maxQueued + limiter.free
  }

  /** Others may fill the line, and not keep an owner out. */
  private hasShare(limiter: Limiter, owner: string): boolean {
    return this.mayShare(limiter, [...this.lineOf(limiter).waiting].filter(({ job }) => job.owner === owner).length)
  }

  private mayShare(limiter: Limiter, own: number): boolean {
    return own < Math.floor(this.options.maxQueued * ownShare) && this.queued(limiter) < 2 * this.options.maxQueued
  }

  /** The common line of a limiter was counted: it has what was sent before, and has no more what has begun before. @param asOf see `nextInOrder` */
  counted(limiter: Limiter, asOf: number): void {
    const { arriving, begun } = this.lineOf(limiter)
    for (const arrival of arriving) if (arrival.sentAt !== null && arrival.sentAt < asOf) arriving.delete(arrival)
    for (const live of begun) if (live.log.closed || (live.startSentAt !== null && live.startSentAt < asOf)) begun.delete(live)
  }

  /** Resolves when the jobs that are on their way to the line now are stored, or were refused. */
  async arrivals(limiter: Limiter): Promise<void> {
    await Promise.all([...this.lineOf(limiter).arriving].map(({ answer }) => answer.promise))
  }

  /** Counts a job as queued until it has arrived. */
  private arriving(limiter: Limiter): Arrival {
    const { arriving } = this.lineOf(limiter)
    const isCommon = this.options.elsewhere !== undefined
    const answer = new Deferred()
    let sentAt: number | null = null
    const arrival: Arrival = {
      answer,
      get sentAt() {
        return sentAt
      },
      sent: () => void (sentAt = nextInOrder()),
      arrived(stored = false) {
        // one that is stored in a common line is counted here until a count has it
        if (!stored || !isCommon) arriving.delete(arrival)
        answer.resolve()
      },
    }
    arriving.add(arrival)
    return arrival
  }

  waits(live: LiveJob, limiter: Limiter): void {
    this.lineOf(limiter).waiting.add(live)
  }

  /** It has begun, or will not begin any more. Safe to call again. */
  began(live: LiveJob): void {
    for (const { waiting, begun } of this.lines.values()) {
      if (waiting.delete(live) && this.options.elsewhere !== undefined) begun.add(live)
    }
  }

  private lineOf(limiter: Limiter): Line {
    let line = this.lines.get(limiter)
    if (line === undefined) this.lines.set(limiter, (line = { waiting: new Set(), arriving: new Set(), begun: new Set() }))
    return line
  }
}
