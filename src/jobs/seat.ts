/**
 * Where a run is at work. It holds at most one place, of the kind that its executor needs: the executor takes it, so a fallback changes
 * place. While the run does nothing (a wait between attempts, the line before a check) it gives the place back, and only who works can
 * be silent. Coming back it stands first in its owner's line and is never refused.
 */
import type { Limiter, Place } from '../limiter.js'

export interface Seat {
  /** Resolves when the run has a place of the limiter; one of another is given back before. Rejects with the reason of the run's signal. */
  take(limiter: Limiter): Promise<void>
  /** As {@link take}, of the limiter that the run had a place of last. */
  resume(): Promise<void>
  /** The run does nothing from now on. Its place is given back when `after` has resolved, if nothing was taken until then. */
  rest(after?: Promise<unknown>): void
  /** Work with a limit of its own, in which the run may be silent; the place is kept. */
  silently<T>(work: Promise<T>): Promise<T>
}

/** Told when a run begins and stops to be at work. */
export interface AtWork {
  begins(): void
  stops(): void
}

export class OwnSeat implements Seat {
  private working = false
  /** how often something was taken */
  private taken = 0

  /** `place`: the one of `limiter` that the run begins with. */
  constructor(
    private readonly owner: string,
    private readonly signal: AbortSignal,
    private readonly atWork: AtWork,
    private limiter: Limiter,
    private place: Place | null,
  ) {
    this.begin()
  }

  async take(limiter: Limiter): Promise<void> {
    this.taken += 1
    if (this.place === null || this.limiter !== limiter) {
      this.giveBack()
      this.limiter = limiter
      this.place = await limiter.take(this.owner, this.signal, { first: true })
    }
    this.begin()
  }

  resume(): Promise<void> {
    return this.take(this.limiter)
  }

  rest(after: Promise<unknown> = Promise.resolve()): void {
    this.stop()
    const { taken } = this
    const leave = () => {
      if (this.taken === taken) this.giveBack()
    }
    after.then(leave, leave)
  }

  async silently<T>(work: Promise<T>): Promise<T> {
    const wasWorking = this.working
    this.stop()
    try {
      return await work
    } finally {
      if (wasWorking) this.begin()
    }
  }

  /** The run is over and nothing of it is left. */
  leave(): void {
    this.taken += 1
    this.giveBack()
  }

  private giveBack(): void {
    this.stop()
    this.place?.leave()
    this.place = null
  }

  private begin(): void {
    if (this.working) return
    this.working = true
    this.atWork.begins()
  }

  private stop(): void {
    if (!this.working) return
    this.working = false
    this.atWork.stops()
  }
}

/** The seat of a validator's question, which runs in the place of the run that it checks: it neither takes one nor gives one back. */
export function inPlaceOf(seat: Pick<Seat, 'resume' | 'silently'>): Seat {
  return {
    take: () => seat.resume(),
    resume: () => seat.resume(),
    rest: () => {},
    silently: (work) => seat.silently(work),
  }
}

/** The seat of a job that another one waits for: whatever its executor needs, its place is one of those inside the other's. */
export function insideAnother(seat: Seat): Seat {
  return {
    take: () => seat.resume(),
    resume: () => seat.resume(),
    rest: (after) => seat.rest(after),
    silently: (work) => seat.silently(work),
  }
}
