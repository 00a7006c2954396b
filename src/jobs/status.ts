/**
 * The states of a job, named as in OpenAI's Responses API, and the moves between them. A final status never changes.
 */
export type FinalStatus = 'completed' | 'failed' | 'cancelled' | 'incomplete'
export type JobStatus = 'queued' | 'in_progress' | 'requires_action' | FinalStatus

export const statuses = [
  'queued',
  'in_progress',
  'requires_action',
  'completed',
  'failed',
  'cancelled',
  'incomplete',
] as const satisfies readonly JobStatus[]

const moves: Record<JobStatus, readonly JobStatus[]> = {
  queued: ['in_progress', 'failed', 'cancelled'],
  // back to queued: the server was killed before anything of the run had been delivered
  in_progress: ['requires_action', 'completed', 'failed', 'cancelled', 'incomplete', 'queued'],
  requires_action: ['queued', 'in_progress', 'completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
  incomplete: [],
}

export function isFinal(status: JobStatus): status is FinalStatus {
  return moves[status].length === 0
}

export function canMove(from: JobStatus, to: JobStatus): boolean {
  return moves[from].includes(to)
}
