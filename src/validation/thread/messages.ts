import type { Verdict } from '../agent/verdict.js'
import type { Source } from '../../request/pending-source.js'
import type { AnswerToCheck } from '../validator.js'
import type { CheckResult } from '../check-result.js'

/** One piece of work for a thread, and what comes of it. */
export type Works = {
  check: { given: { type: string; params: Record<string, unknown>; answer: AnswerToCheck }; result: CheckResult }
  /** what a model has said of an answer, held against the parameters of the check that asked it */
  judge: { given: { type: string; params: Record<string, unknown>; verdict: Verdict }; result: CheckResult }
  /** what is wrong with the source, or null */
  compile: { given: { source: Source }; result: string | null }
  /** what is wrong with a value, or null */
  output: { given: { schema: Record<string, unknown>; value: unknown }; result: string | null }
}
