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
