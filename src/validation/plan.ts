/** How often a request may be answered before an answer has to pass, and who helps in between. As it is stored with the job. */
import type { Check } from './parse.js'

export interface AttemptPlan {
  /** every one of them has to pass; none: only calls that failed are made again */
  checks: Check[]
  maxAttempts: number
  /** seconds before the second attempt, and how the wait grows */
  initialDelayS: number
  backoffFactor: number
  maxDelayS: number
  /** part of the wait by which it is made longer or shorter at random, 0 to 1 */
  jitter: number
  /** from so many failed attempts on the tool is there; null: never */
  toolAfter: number | null
  /** after so many failed attempts a human decides; null: never */
  humanAfter: number | null
  /** its name, for the model, and what the request has beyond the first one's while it is there */
  tool: { name: string | null; request: Record<string, unknown> } | null
  /** what the user asked for, in words */
  originalPrompt: string
  /** as the caller wrote it: messages, or the question */
  originalRequest: unknown
}

/** A request whose answers are checked, as a job stores it. `inner` is what one attempt runs. */
export interface CheckedRequest {
  kind: 'checked'
  inner: InnerRequest
  plan: AttemptPlan
}

/** What an executor below takes; only those that have a conversation can be told what was wrong. */
export interface InnerRequest {
  kind: string
  [member: string]: unknown
}

/** What a stored job asks a model, checked or not. */
export function uncheckedRequest(stored: unknown): unknown {
  const request = stored as Partial<CheckedRequest> | null
  return request?.kind === 'checked' ? request.inner : stored
}

const modelChecks = ['agent_task', 'ai_contradiction_check']

/** Whether a check asks a model of its own. */
export function asksModel({ type }: Check): boolean {
  return modelChecks.includes(type)
}

export type Step = { kind: 'attempt'; waitMs: number; withTool: boolean } | { kind: 'human' } | { kind: 'fail' }

/**
 * What follows a failed attempt. `failed` counts all of them, `since` those since a human has asked for more, if one has.
 * `random` is a number from 0 to 1.
 */
export function nextStep(plan: AttemptPlan, failed: number, since: number, random: number): Step {
  if (plan.humanAfter !== null && since >= plan.humanAfter) return { kind: 'human' }
  if (since >= plan.maxAttempts) return { kind: 'fail' }
  return { kind: 'attempt', waitMs: waitMs(plan, since, random), withTool: hasTool(plan, failed) }
}

/** Whether the attempt after `failed` failed ones has the tool. */
export function hasTool(plan: AttemptPlan, failed: number): boolean {
  return plan.tool !== null && plan.toolAfter !== null && failed >= plan.toolAfter
}

function waitMs({ initialDelayS, backoffFactor, maxDelayS, jitter }: AttemptPlan, failed: number, random: number): number {
  const wait = Math.min(maxDelayS, initialDelayS * backoffFactor ** (failed - 1))
  return Math.round(wait * (1 + jitter * (2 * random - 1)) * 1000)
}
