import type { Job } from './job.js'

/** Who counts jobs, or writes them down. Told twice in a job's life, never for each event; must not throw. */
export interface JobObserver {
  /** The first piece of the answer has come; `at` is by the clock of the job's times, milliseconds since the epoch. */
  answering(job: Job, at: number): void
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
    ended: (job, firstTokenMs) => all.forEach((observer) => observer.ended(job, firstTokenMs)),
  }
}
