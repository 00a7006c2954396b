/** Runs checks as a job does: parsed, through JSON, in real threads. */
import t from 'tap'
import { BridgeError, type Failure } from '../../src/errors/catalogue.js'
import {
  ChildJobs,
  openCheckThreads,
  parseValidation,
  runChecks,
  type AnswerToCheck,
  type Ask,
  type Budget,
  type CheckOutcome,
  type ChildJob,
} from '../../src/validation/index.js'
import { Compiler } from '../../src/intake/compiler.js'
import type { Check } from '../../src/request/plan.js'
import type { PendingSource } from '../../src/request/pending-source.js'

export const threads = openCheckThreads({ checkMs: 60_000 })
export const compiler = new Compiler((source, by) => threads.run('compile', { source }, by))
t.teardown(() => threads.close())

/** As it arrives and as it is stored. */
export function parsed(validation: unknown): Check[] {
  return JSON.parse(JSON.stringify(parseValidation(JSON.parse(JSON.stringify(validation))))) as Check[]
}

/** The outcome of one check of a text. */
export async function outcome(type: string, params: unknown, answer: string | AnswerToCheck): Promise<CheckOutcome> {
  const context = { originalPrompt: '', threads }
  const report = await runChecks(parsed([{ type, params }]), typeof answer === 'string' ? { content: answer } : answer, context)
  return report.outcomes[0]!
}

/** A table: what passes and what fails. */
export async function table(
  t: Tap,
  type: string,
  rows: [params: unknown, passes: boolean, answer: string | AnswerToCheck][],
): Promise<void> {
  for (const [params, passes, answer] of rows) {
    const name = `${type} ${JSON.stringify(params)}: ${JSON.stringify(answer)}`.slice(0, 160)
    const found = await outcome(type, params, answer)
    t.equal(found.kind, passes ? 'passed' : 'failed', name)
    if (found.kind === 'failed') t.ok(found.errors.length > 0 && found.errors.every(({ message }) => message !== ''), name)
  }
}

type Tap = Pick<typeof t, 'equal' | 'ok'>

/** How a request with these checks is refused, compiling included. */
export function refusal(validation: unknown): Promise<Failure> {
  return failureOf(() => taken(JSON.parse(JSON.stringify(validation))))
}

/** The checks as a request is taken with them: parsed, and compiled where they have to be. */
export async function taken(validation: unknown): Promise<Check[]> {
  const pending: PendingSource[] = []
  const checks = parseValidation(validation, undefined, pending)
  await compiler.compile(pending, { owner: 'test' })
  return checks
}

export async function failureOf(act: () => unknown): Promise<Failure> {
  try {
    await act()
  } catch (error) {
    if (error instanceof BridgeError) return error.failure
    throw error
  }
  throw new Error('expected a refusal')
}

export const budget = (): Budget => ({ depth: 2, calls: 10, deadline: performance.now() + 600_000, costUsd: 1 })

/** Checks that ask a model, which is `answer`; with what it was asked. */
export async function asked(checks: unknown[], content: string, answer: unknown, left: Budget = budget()) {
  const children: ChildJob[] = []
  const ask: Ask = async (child) => {
    children.push(child)
    return typeof answer === 'function' ? (answer as Ask)(child) : { ok: true, value: answer }
  }
  const childJobs = new ChildJobs(ask, left)
  const context = { originalPrompt: 'the original request', childJobs, threads }
  const report = await runChecks(parsed(checks), { content }, context)
  return { report, children, first: report.outcomes[0]!, left: childJobs.budget }
}
