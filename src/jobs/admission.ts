/** How many jobs wait for their start, in the line of each limiter, and whether one more may. */
import type { Limiter } from '../limiter.js'
import type { LiveJob } from './live-job.js'

export class Admission {
  private readonly lines = new Map<Limiter, { waiting: Set<LiveJob>; arriving: number }>()

  constructor(private readonly maxQueued: number) {}

  /** Jobs that have not begun, those that are being written for the first time among them. */
  queued(limiter: Limiter): number {
    const { waiting, arriving } = this.lineOf(limiter)
    return waiting.size + arriving
  }

  hasRoom(limiter: Limiter): boolean {
    return this.queued(limiter) < this.maxQueued + limiter.free
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
