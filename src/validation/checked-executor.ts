/**
 * Answers that are checked, and made again where they do not pass: attempts are turns of one conversation, run by the executor below.
 * Requests of any other kind go straight there.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { catalogue } from '../errors/catalogue.js'
import { type Execution, type Executor, type Outcome, type Run, cutShort } from '../jobs/executor.js'
import type { ValidationError } from '../jobs/review.js'
import { type Budget, type ChildJob, ChildJobs } from './child-jobs.js'
import { askThrough } from './child-runs.js'
import { continued, withTool } from './conversation.js'
import { feedbackText } from './feedback.js'
import { HeldAnswer } from './held-answer.js'
import type { AttemptPlan } from '../request/plan.js'
import type { CheckedRequest, InnerRequest } from '../request/job-request.js'
import { innerRequestSchema } from '../request/stored.js'
import { hasTool, nextStep } from './plan.js'
import { type CheckReport, runChecks } from './run.js'
import type { CheckThreads } from './thread/check-threads.js'

export interface CheckedSetup {
  executor: Executor<InnerRequest>
  threads: CheckThreads
  /** a validator's question -> a request of the executor's */
  childRequest(child: ChildJob): InnerRequest
}

/** What validators may spend on questions of their own, in one run of the checks. */
const budget = { depth: 1, calls: 50, costUsd: 5, ms: 10 * 60_000 }

/** Where a run stands between two attempts; stored with a review, so that it can go on from there. */
const standSchema = z.object({
  request: innerRequestSchema,
  /** failed attempts in all, and since a human has asked for more */
  failed: z.number(),
  since: z.number(),
})
type Stand = z.infer<typeof standSchema>

export class CheckedExecutor implements Executor {
  constructor(private readonly setup: CheckedSetup) {}

  run(run: Run): Execution {
    const { request } = run
    if (request.kind !== 'checked') return this.setup.executor.run({ ...run, request })
    const left: Promise<void>[] = []
    const outcome = this.attempts(run, request, left).catch((error: unknown): Outcome => {
      // the abort itself, most likely
      if (run.signal.aborted) return { kind: 'aborted' }
      run.trouble?.('an answer could not be checked', error)
      return { kind: 'failed', failure: { code: 'validator_failed', message: `The answer could not be checked: ${messageOf(error)}.` } }
    })
    return { outcome, gone: outcome.then(() => Promise.all(left)).then(() => undefined) }
  }

  private async attempts(run: Run, { inner, plan }: CheckedRequest, left: Promise<void>[]): Promise<Outcome> {
    // it starts while the model answers
    if (plan.checks.length > 0) this.setup.threads.prepare()
    let stand = begin(run, inner, plan)
    for (;;) {
      const held = new HeldAnswer((event) => run.emit(event), plan.checks.length === 0)
      const span = run.span?.begin(`attempt ${stand.failed + 1}`)
      const below = span && { span }
      const request = hasTool(plan, stand.failed) ? withTool(stand.request, plan.tool?.request ?? {}) : stand.request
      const execution = this.setup.executor.run({ ...run, ...below, review: null, request, emit: (event) => held.add(event) })
      left.push(execution.gone)
      const outcome = await execution.outcome
      // from now on it waits: for checks, or for its next attempt
      run.seat.rest(execution.gone)
      const verdict = await this.judge({ ...run, ...below }, plan, outcome, held, left)
      span?.end(verdict.kind === 'wrong' ? 'validation_failed' : failureOf(verdict.outcome))
      if (verdict.kind === 'end') return verdict.outcome

      const failed = stand.failed + 1
      const since = stand.since + 1
      const step = nextStep(plan, failed, since, Math.random())
      // a call that failed keeps its own error, and no human can mend it
      const errors = verdict.errors
      if (errors === null && step.kind !== 'attempt') return outcome
      // what is there is shown, though it has not passed
      const cut = run.cutBy?.() ?? null
      if (cut !== null) return errors === null ? outcome : held.release().then(() => cutShort(cut))
      if (step.kind === 'fail') return exhausted(errors!, failed)
      const next = errors === null ? stand.request : afterErrors(stand.request, plan, held.text, errors, failed)
      stand = { request: next, failed, since }
      if (step.kind === 'human') return forReview(plan, stand, held.text, errors!)
      run.emit({
        type: 'attempt',
        choice: run.choice,
        attempt: failed + 1,
        reason: errors === null ? 'the call failed' : 'the answer did not pass its validation',
        ...(errors !== null && { response: held.text, errors }),
      })
      const pause = sleep(step.waitMs, undefined, { signal: run.signal })
      await (run.waits?.during(pause) ?? pause)
    }
  }

  /** Whether the run ends here, or what is wrong; null errors: the call itself failed and may be made again. */
  private async judge(
    run: Run,
    plan: AttemptPlan,
    outcome: Outcome,
    held: HeldAnswer,
    left: Promise<void>[],
  ): Promise<{ kind: 'end'; outcome: Outcome } | { kind: 'wrong'; errors: ValidationError[] | null }> {
    if (outcome.kind === 'failed' && catalogue[outcome.failure.code].retriable && !held.shown) return { kind: 'wrong', errors: null }
    // calls are not the answer yet, and a refusal is final
    const whole = outcome.kind === 'finished' && (outcome.reason === 'stop' || outcome.reason === 'length')
    if (whole && plan.checks.length > 0) {
      run.emit({ type: 'status', status: 'in_progress', phase: 'waiting', reason: 'the answer is being checked' })
      const span = run.span?.begin('validation')
      const report = await this.check({ ...run, ...(span && { span }) }, plan, held, left)
      span?.end(report.ok ? null : 'validation_failed')
      // not logged: the failure tells the cause, which may be the request's, and may quote the answer
      // a validator could not ask its question
      const cut = run.cutBy?.() ?? null
      if (!report.ok && cut !== null) return held.release().then(() => ({ kind: 'end', outcome: cutShort(cut) }))
      const crash = report.outcomes.find((one) => one.kind === 'crashed')
      if (crash?.kind === 'crashed') {
        const message = `The validator '${crash.type}' (validation[${crash.index}]) failed: ${crash.message}`
        return { kind: 'end', outcome: { kind: 'failed', failure: { code: 'validator_failed', message } } }
      }
      if (!report.ok) return { kind: 'wrong', errors: errorsOf(report) }
    }
    if (outcome.kind === 'finished') await held.release()
    return { kind: 'end', outcome }
  }

  private check(run: Run, plan: AttemptPlan, held: HeldAnswer, left: Promise<void>[]): Promise<CheckReport> {
    const { ms, ...rest } = budget
    const own: Budget = { ...rest, deadline: performance.now() + ms }
    const childJobs = new ChildJobs(
      askThrough(this.setup.executor, run, (child) => this.setup.childRequest(child), left),
      own,
    )
    const answer = { content: held.text, ...(held.model !== null && { model: held.model }) }
    return runChecks(plan.checks, answer, {
      originalPrompt: plan.originalPrompt,
      childJobs,
      threads: this.setup.threads,
      owner: run.owner,
      signal: run.signal,
    })
  }
}

/** From the beginning, or from where a human has sent it on. */
function begin(run: Run, inner: InnerRequest, plan: AttemptPlan): Stand {
  const { review } = run
  if (review == null) return { request: inner, failed: 0, since: 0 }
  const { request, failed } = standSchema.parse(review.resume)
  if (review.feedback === undefined) return { request, failed, since: 0 }
  const human = feedbackText({ errors: [], originalPrompt: plan.originalPrompt, tool: null, human: review.feedback })
  return { request: continued(request, '', human), failed, since: 0 }
}

function afterErrors(request: InnerRequest, plan: AttemptPlan, answer: string, errors: ValidationError[], failed: number): InnerRequest {
  const tool = hasTool(plan, failed) ? (plan.tool?.name ?? null) : null
  return continued(request, answer, feedbackText({ errors, originalPrompt: plan.originalPrompt, tool }))
}

function errorsOf(report: CheckReport): ValidationError[] {
  return report.outcomes.flatMap((one) => (one.kind === 'failed' ? one.errors.map((error) => ({ type: one.type, ...error })) : []))
}

function exhausted(errors: ValidationError[], attempts: number): Outcome {
  const said = errors.map(({ type, message }) => `[${type}] ${message}`).join('; ')
  const message = `The answer did not pass its validation in ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${said}`
  return { kind: 'failed', failure: { code: 'validation_failed', message } }
}

function forReview(plan: AttemptPlan, stand: Stand, lastResponse: string, validationErrors: ValidationError[]): Outcome {
  const reason = `The answer did not pass its validation in ${stand.failed} ${stand.failed === 1 ? 'attempt' : 'attempts'}.`
  const { originalRequest } = plan
  return { kind: 'review', review: { reason, attempts: stand.failed, lastResponse, validationErrors, originalRequest, resume: stand } }
}

function failureOf(outcome: Outcome): string | null {
  return outcome.kind === 'failed' ? outcome.failure.code : null
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
