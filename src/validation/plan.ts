/** What follows a failed attempt, by the plan of a request. */
import type { AttemptPlan, Check } from '../request/plan.js'

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
