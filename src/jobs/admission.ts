/** Whether one more job is taken: how many wait for their start, in the line of each limiter, and what an owner's take in the store. */
import { BridgeError } from '../errors/catalogue.js'
import type { Limiter } from '../limiter.js'
import type { LiveJob } from './live-job.js'
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

export class Admission {
  private readonly lines = new Map<Limiter, { waiting: Set<LiveJob>; arriving: number }>()

  constructor(private readonly options: AdmissionOptions) {}

  /** Why a job of an owner is not taken, as far as the store has to be asked: its jobs take all that they may, and on several servers everything else. */
  async fullFor(owner: string, limiter: Limiter, nested: boolean): Promise<BridgeError | null> {
    const { elsewhere } = this.options
    if (elsewhere !== undefined && !nested) {
      const own = await elsewhere.look(limiter, owner)
      if (!this.hasRoom(limiter) && !this.mayShare(limiter, own)) return this.queueFull(limiter)
    }
    const { limits } = this.options
    const full = await this.storeFull(owner)
    if (full !== null || elsewhere === undefined || limits === undefined) return full
    return limits.admitShared?.(owner) ?? limits.admit(owner)
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
    const { waiting, arriving } = this.lineOf(limiter)
    return (this.options.elsewhere?.waiting(limiter) ?? waiting.size) + arriving
  }

  /** Why a job that comes now is not taken; null where it is, and is counted. @param nested it stands in no line: another job waits for it */
  refusal(limiter: Limiter, owner: string, nested: boolean): BridgeError | null {
    // asked before, with what the other servers know
    if (this.options.elsewhere !== undefined) return null
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

  /** Counts a job as queued while it is being written. */
  async arriving<T>(limiter: Limiter, work: () => Promise<T>): Promise<T> {
    const line = this.lineOf(limiter)
    line.arriving += 1
    try {
      return await work()
    } finally {
      line.arriving -= 1
    }
  }

  waits(live: LiveJob, limiter: Limiter): void {
    this.lineOf(limiter).waiting.add(live)
  }

  /** It has begun, or will not begin any more. Safe to call again. */
  began(live: LiveJob): void {
    for (const { waiting } of this.lines.values()) waiting.delete(live)
  }

  private lineOf(limiter: Limiter): { waiting: Set<LiveJob>; arriving: number } {
    let line = this.lines.get(limiter)
    if (line === undefined) this.lines.set(limiter, (line = { waiting: new Set(), arriving: 0 }))
    return line
  }
}
