/** What a validator is, what it looks at and what it says. */
import type { z } from 'zod'
import type { Failure } from '../errors.js'
import type { ChildJobs } from './child-jobs.js'

/** The answer of one attempt. `usage` is the envelope's member as the client would see it. */
export interface AnswerToCheck {
  content: string
  model?: string
  usage?: object
}

/** One thing that is wrong with an answer, in words for the model that is asked again. */
export interface CheckError {
  message: string
  /** what to change */
  mend?: string
  /** where in the answer: a dotted path of its JSON, or `line 3, column 7` of its code */
  path?: string
}

export type CheckResult = { ok: true } | { ok: false; errors: CheckError[] }

export const passed: CheckResult = { ok: true }

/** A result with one error. */
export function wrong(message: string, more: Omit<CheckError, 'message'> = {}): CheckResult {
  return { ok: false, errors: [{ message, ...more }] }
}

/** A result of as many errors as there are: none is a pass. */
export function resultOf(errors: CheckError[]): CheckResult {
  return errors.length === 0 ? passed : { ok: false, errors }
}

/** What a validator has besides the answer. */
export interface CheckContext {
  /** what the user asked for, in words; goes in for `{ORIGINAL_USER_PROMPT}` */
  originalPrompt: string
  /** how to ask a model; without it the validators that need one crash */
  childJobs?: ChildJobs
  signal?: AbortSignal
}

/**
 * One type of check. `check` may throw: that is a crash of the validator and says nothing about the answer.
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
  /** Its time depends on what users and models write (patterns, schemas, parsers): runs in a thread with a limit. */
  isolated?: true
  check(answer: AnswerToCheck, params: z.output<S>, context: CheckContext): CheckResult | Promise<CheckResult>
}

/** Keeps the type of the parameters between `params` and `check`. */
export function validator<S extends z.ZodObject>(definition: Validator<S>): Validator<S> {
  return definition
}

/** A validator that could not do its work, for a reason that has a code: a child job that failed. */
export class ValidatorFailed extends Error {
  override readonly name = 'ValidatorFailed'

  constructor(readonly failure: Failure) {
    super(failure.message)
  }
}
