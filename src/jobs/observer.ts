import type { Job } from './job.js'
import type { Charge } from './spending.js'

/** Who counts jobs, or writes them down. Never told of each event; must not throw. */
export interface JobObserver {
  /** The first piece of the answer has come; `at` is by the clock of the job's times, milliseconds since the epoch. */
  answering(job: Job, at: number): void
  /** A call of a model's API has taken tokens; what they cost is in billionths of a US dollar. Told as often as the API says more. */
  charged?(job: Job, charge: Charge, nanoUsd: number): void
  /** The store has lost events that a reader has had. */
  logLost?(): void
  /** Nothing of the job is left on this server, which others share its store with; wherever it goes on, this one is not told of its end. */
  left?(id: string): void
  /**
   * The job has ended; the record says how, also where the store would not take it. `firstTokenMs`: from the request to the first piece of
   * the answer; null where none came, or none that this server has seen.
   */
  ended(job: Job, firstTokenMs: number | null): void
}

/** One observer that tells several, in their order. */
export function observers(...all: readonly JobObserver[]): JobObserver {
  return {
    answering: (job, at) => all.forEach((observer) => observer.answering(job, at)),
    charged: (job, charge, nanoUsd) => all.forEach((observer) => observer.charged?.(job, charge, nanoUsd)),
    logLost: () => all.forEach((observer) => observer.logLost?.()),
    left: (id) => all.forEach((observer) => observer.left?.(id)),
    ended: (job, firstTokenMs) => all.forEach((observer) => observer.ended(job, firstTokenMs)),
  }
}
