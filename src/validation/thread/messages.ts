import type { Verdict } from '../agent/verdict.js'
import type { AnswerToCheck, CheckResult } from '../validator.js'

/** What can be compiled: a schema of `response_format`, a schema of a check, or a pattern of one. */
export type Source = { what: 'output' | 'schema'; schema: Record<string, unknown> } | { what: 'pattern'; pattern: string }

/** One piece of work for a thread, and what comes of it. */
export interface Works {
  check: { given: { type: string; params: Record<string, unknown>; answer: AnswerToCheck }; result: CheckResult }
  /** what a model has said of an answer, held against the parameters of the check that asked it */
  judge: { given: { type: string; params: Record<string, unknown>; verdict: Verdict }; result: CheckResult }
  /** what is wrong with the source, or null */
  compile: { given: { source: Source }; result: string | null }
  /** what is wrong with a value, or null */
  output: { given: { schema: Record<string, unknown>; value: unknown }; result: string | null }
}

export type Kind = keyof Works

export type Work = { [K in Kind]: { kind: K } & Works[K]['given'] }[Kind]

/** What a thread says: first that it is loaded, then one reply to each piece of work. */
export type Reply = 'ready' | { result: unknown } | { crashed: string }
