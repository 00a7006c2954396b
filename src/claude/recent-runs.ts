/** Whether the last runs of jobs all ended by the same fault of the CLI's or of ours: then the next will, too, whatever the settings say. */
import type { ErrorCode } from '../errors/catalogue.js'
import type { Outcome } from '../jobs/executor.js'

/** Faults that lie on this side of the model's API and not in a request. */
const ownFaults: readonly ErrorCode[] = ['claude_unavailable', 'cli_failed', 'internal_error']

/** One job may be the cause of its own failures; so many different ones are not. */
const jobsInARow = 3

export class RecentRuns {
  /** the fault that the last runs ended with, and whose they were */
  private row: { code: ErrorCode; jobs: Set<string> } | null = null

  note(outcome: Outcome, jobId: string): void {
    // a run that was stopped says nothing, and one whose functions are denied nothing of those without
    if (outcome.kind === 'aborted' || (outcome.kind === 'failed' && outcome.failure.param === 'tools')) return
    const code = outcome.kind === 'failed' ? outcome.failure.code : null
    if (code === null || !ownFaults.includes(code)) this.row = null
    else if (this.row?.code === code) {
      if (this.row.jobs.size < jobsInARow) this.row.jobs.add(jobId)
    } else this.row = { code, jobs: new Set([jobId]) }
  }

  /** Null as long as they do not all end so. */
  get problem(): string | null {
    if (this.row === null || this.row.jobs.size < jobsInARow) return null
    return `the runs of the last ${this.row.jobs.size} jobs all ended with ${this.row.code}`
  }
}
