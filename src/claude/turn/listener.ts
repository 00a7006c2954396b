/** What a process is to tell while it answers, and that it could not be asked. */
import type { CutCause, JobEvent } from '../../jobs/events.js'
import type { Charge } from '../../jobs/spending.js'
import type { Equipment } from './equip.js'

/** The process did not take what comes before the question: nothing was asked of it, and another can be. */
export class NotSaid extends Error {
  override readonly name = 'NotSaid'

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** What a turn tells while it goes on. */
export interface TurnListener {
  choice: number
  emit(event: JobEvent): void
  /** A call of the API has taken tokens. */
  spent?(charge: Charge): void
  /** The CLI tells what is left of the subscription. */
  limit?(event: Record<string, unknown>): void
  /** Why the API may not be asked once more. */
  cutBy?(): CutCause | null
  alive(): void
  /** The process has taken what comes before the question: it is neither stopped nor hung. */
  taken?(): void
  /** The model's API is being asked: from here on it is the model's time. May be called more than once. */
  asked(): void
  /** What is wrong with an answer by a schema, or null. Never rejects. Left out: no such answer is accepted. */
  outputProblem?(schema: Record<string, unknown>, value: unknown): Promise<string | null>
  /** what a fresh process is given before it is told anything */
  equipment?(): Promise<Equipment>
  /** Work with a limit of its own: the run is not taken for silent meanwhile. */
  silently<T>(work: Promise<T>): Promise<T>
}
