import type { Match, Wanted } from './idle-sessions.js'

/** A process for a run, and what it is to be told. */
export interface Found extends Match {
  /** whether it was started for this run */
  fresh: boolean
  /** whether it has answered before */
  reused: boolean
  /** says that its start is over; safe to call again */
  started: () => void
  /** what it can be used for afterwards; null: for nothing */
  wanted: Wanted | null
}

/** For traces: a process that has answered before, one that was ready, one started for the run; null: the run was aborted before it had one. */
export function processOf(found: Found | null): string {
  if (found === null) return 'none'
  if (found.reused) return 'reused'
  return found.fresh ? 'started' : 'ready'
}
