import type { Job } from './job.js'

/** Who counts jobs. Told twice in a job's life, never for each event; must not throw. */
export interface JobObserver {
  /** The first piece of the answer has come; `at` is by the clock of the job's times, milliseconds since the epoch. */
  answering(job: Job, at: number): void
  /** The job has ended; the record says how. */
  ended(job: Job): void
}
