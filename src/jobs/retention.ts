/** How long a record is kept: its own time (`ttlS`) from its end on, or from where it waits for a human. */
import type { Job } from './job.js'
import { isFinal } from './status.js'

/** @param at milliseconds since 1970; so is the result */
export function expiryFrom(at: number, { ttlS }: Pick<Job, 'ttlS'>): number {
  return at + ttlS * 1000
}

/** Whether the record's time is over: from then on it is not there, cleared away or not. One that waits for a human is ended first. */
export function hasExpired(job: Pick<Job, 'status' | 'expiresAt'>): boolean {
  return isFinal(job.status) && isOver(job)
}

export function isOver({ expiresAt }: Pick<Job, 'expiresAt'>): boolean {
  return expiresAt !== null && expiresAt <= Date.now()
}
