/** Runs the checks of an answer: all of them, whatever the others say. */
import type { Failure } from '../errors/catalogue.js'
import type { Check } from '../request/plan.js'
import { askVerdict } from './agent/ask-verdict.js'
import { validatorOf } from './registry.js'
import type { CheckThreads } from './thread/check-threads.js'
import { ValidatorFailed } from './validator-failed.js'
import type { AnswerToCheck, CheckContext } from './validator.js'
import type { CheckResult } from './check-result.js'
import type { CheckError } from '../schema/words.js'

/**
 * What came of one check. A crash says nothing about the answer: the validator itself could not do its work. `failure` is there if
 * the cause has a code, as of a child job.
 */
export type CheckOutcome = { index: number; type: string } & (
  | { kind: 'passed' }
  | { kind: 'failed'; errors: CheckError[] }
  | { kind: 'crashed'; message: string; failure?: Failure }
)

export interface CheckReport {
  /** every check passed; no checks are a pass */
  ok: boolean
  /** one for each check, in the order of the request */
  outcomes: CheckOutcome[]
}

export interface RunContext extends CheckContext {
  threads: CheckThreads
  /** whose answer it is: no owner has all threads */
  owner?: string
}

/**
 * One check after the other, so that a budget is used in the order of the request. Rejects only if the signal is aborted, with its
 * reason. `type` of an outcome is the name the request used.
 */
export async function runChecks(checks: readonly Check[], answer: AnswerToCheck, context: RunContext): Promise<CheckReport> {
  const outcomes: CheckOutcome[] = []
  for (const [index, check] of checks.entries()) {
    context.signal?.throwIfAborted()
    outcomes.push({ index, type: check.alias ?? check.type, ...(await outcomeOf(check, answer, context)) })
  }
  context.signal?.throwIfAborted()
  return { ok: outcomes.every(({ kind }) => kind === 'passed'), outcomes }
}

async function outcomeOf(check: Check, answer: AnswerToCheck, context: RunContext) {
  try {
    const result = await resultOf(check, answer, context)
    return result.ok ? ({ kind: 'passed' } as const) : ({ kind: 'failed', errors: result.errors } as const)
  } catch (error) {
    const message = error instanceof Error ? error.message : 'it threw something that is no error'
    return { kind: 'crashed', message, ...(error instanceof ValidatorFailed && { failure: error.failure }) } as const
  }
}

async function resultOf({ type, params }: Check, answer: AnswerToCheck, context: RunContext): Promise<CheckResult> {
  const { asks } = validatorOf(type)
  const how = { owner: context.owner ?? '', ...(context.signal && { signal: context.signal }) }
  if (asks === undefined) return context.threads.run('check', { type, params, answer }, how)
  const verdict = await askVerdict(context, asks.question(answer, params, context.originalPrompt))
  return context.threads.run('judge', { type, params, verdict }, how)
}
