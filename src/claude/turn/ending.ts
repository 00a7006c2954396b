import type { Outcome } from '../../jobs/executor.js'

/** Comes with the last message of a turn. `kill`: the process must not get to ask the API again. */
export interface Ending {
  outcome: Outcome
  kill: boolean
}
