/** What a validator is, what it looks at and what it says. */
import type { z } from 'zod'
import type { Verdict } from './agent/verdict.js'
import type { ChildJob, ChildJobs } from './child-jobs.js'
import type { CheckResult } from './check-result.js'
import type { Source } from '../request/pending-source.js'

/** The answer of one attempt. `usage` is the envelope's member as the client would see it. */
export interface AnswerToCheck {
  content: string
  model?: string
  usage?: object
}

/** What a validator has besides the answer. */
export interface CheckContext {
  /** what the user asked for, in words; goes in for `{ORIGINAL_USER_PROMPT}` */
  originalPrompt: string
  /** how to ask a model; without it the validators that need one crash */
  childJobs?: ChildJobs
  signal?: AbortSignal
}

/** A question to a model about the answer, and what its verdict is worth. */
export interface Asks<Params> {
  question(answer: AnswerToCheck, params: Params, originalPrompt: string): Omit<ChildJob, 'budget' | 'system'>
  /** as `check` */
  judge(verdict: Verdict, params: Params): CheckResult
}

/**
 * One type of check: of the answer itself (`check`), or by a model (`asks`). What `check` and `judge` take depends on what users and
 * models write, so both run in a thread with a limit; both may throw, which is a crash of the validator and says nothing about the
 * answer.
 *
 * `params` gives JSON, since a check is stored with its job. What a caller may send for a parameter's name besides the names of
 * the schema is in `renames`.
 */
export interface Validator<S extends z.ZodObject = z.ZodObject> {
  type: string
  /** other names of the type, with the parameters that such a name stands for */
  aliases?: Record<string, Record<string, unknown>>
  renames?: Record<string, string>
  params: S
  /** what has to compile before the request is taken, and the parameter that it stands in; compiled in a thread */
  sources?(params: z.output<S>): { param: string; source: Source; wrong: (why: string) => string }[]
  check?: (this: void, answer: AnswerToCheck, params: z.output<S>) => CheckResult | Promise<CheckResult>
  asks?: Asks<z.output<S>>
}

/** Keeps the type of the parameters between `params` and `check`. */
export function validator<S extends z.ZodObject>(definition: Validator<S>): Validator<S> {
  return definition
}
