import type { CutCause, JobEvent } from '../../jobs/events.js'
import type { Charge } from '../../jobs/spending.js'
import type { KeyNames } from '../../schema/property-keys.js'
import type { CredentialKind } from '../process/environment.js'
import type { ToolKeys } from '../protocol/tool-keys.js'

/** What a turn's reader has to know of its request and of its process. */
export interface TurnOptions {
  choice: number
  model: string
  stop?: readonly string[]
  /** the client's functions: the model's names -> the client's */
  functions?: ReadonlyMap<string, string>
  /** those of the client's names whose tool takes one text */
  custom?: ReadonlySet<string>
  /** The answer has to be JSON: see `TurnReader.takeOutput`. */
  output?: boolean
  /** where the model has other keys than the client */
  keys?: { tools: ToolKeys; output: KeyNames | null }
  /** The turn began in an earlier answer that ended with calls: the result's totals cover both. */
  continued?: boolean
  /** what the process had cost before, in the CLI's estimate: its figures are totals since its start */
  costBefore?: number
  /** the client asks again by itself where the API limits it */
  clientRetries?: boolean
  /** which one the process uses; left out: a stored login */
  credential?: CredentialKind
  emit: (event: JobEvent) => void
  /** the CLI tells what is left of the subscription */
  limit?: (event: Record<string, unknown>) => void
  /** why the API may not be asked once more, see {@link Run.cutBy} */
  cutBy?: () => CutCause | null
  /** a call of the API has taken tokens */
  spent?: (charge: Charge) => void
}
