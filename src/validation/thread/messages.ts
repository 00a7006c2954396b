import type { AnswerToCheck, CheckResult } from '../validator.js'

/** One check for a thread to run. */
export interface Work {
  type: string
  params: Record<string, unknown>
  answer: AnswerToCheck
}

/** What a thread says: first that it is loaded, then one reply to each piece of work. */
export type Reply = 'ready' | { result: CheckResult } | { crashed: string }
