import type { Span } from '../../jobs/trace.js'
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

/** The same, with its own span below that of the run. */
export async function tracedFind(run: Span | undefined, finding: Promise<Found | null>): Promise<Found | null> {
  const span = run?.begin('session')
  try {
    const found = await finding
    span?.set({ 'claude_bridge.process': processOf(found), 'claude_bridge.process.turns_kept': found?.keep })
    span?.end()
    return found
  } catch (error) {
    span?.end('claude_unavailable')
    throw error
  }
}

/** One that has answered before, one that was ready, one started for the run; null: the run was aborted before it had one. */
function processOf(found: Found | null): string {
  if (found === null) return 'none'
  if (found.reused) return 'reused'
  return found.fresh ? 'started' : 'ready'
}
