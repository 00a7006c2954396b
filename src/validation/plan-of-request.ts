/** The members of a request that ask for checks and attempts -> a plan, or null where none does. */
import { z } from 'zod'
import { between, whole } from '../errors/number-words.js'
import { refuse } from '../errors/refuse.js'
import { isNothing } from '../request/is-nothing.js'
import type { AttemptPlan, Check } from '../request/plan.js'
import { parseValidation } from './parse.js'
import type { PendingSource } from '../request/pending-source.js'

/** More attempts than this do not help, and each is paid for. */
export const mostAttempts = 50
const seconds = z.number(between(0, 3600)).min(0).max(3600)
const threshold = z.int(whole(0, 1_000_000)).min(0).max(1_000_000)

export const retryConfigSchema = z.looseObject({
  max_attempts: z.int(whole(1, mostAttempts)).min(1).max(mostAttempts).nullish().describe('3, or as many as the thresholds need'),
  initial_delay: seconds.nullish().describe('seconds, 1'),
  backoff_factor: z.number(between(1, 100)).min(1).max(100).nullish().describe('2'),
  max_delay: seconds.nullish().describe('seconds, 60'),
  jitter: z.number(between(0, 1)).min(0).max(1).nullish().describe('0.1'),
  max_attempts_before_tool_use: threshold.nullish(),
  max_attempts_before_human: threshold.nullish(),
})

export const thresholdSchema = threshold

type RetryConfig = z.infer<typeof retryConfigSchema>

/** The members that matter here, checked by the schemas above. */
export interface PlanFields {
  validation?: unknown[] | null | undefined
  default_validate?: boolean | null | undefined
  retry_config?: RetryConfig | null | undefined
  max_attempts_before_tool_use?: number | null | undefined
  max_attempts_before_human?: number | null | undefined
  debug_tool_name?: string | null | undefined
  debug_tool_mcp_config?: Record<string, unknown> | null | undefined
  original_user_prompt?: string | null | undefined
}

export interface PlanContext {
  ignored: { add(name: string): void }
  /** gets what has to compile before the request can be taken */
  pending: PendingSource[]
  /** what the user asked for, where the request does not say it in a member of its own */
  lastUserText: string
  originalRequest: unknown
  /** number of answers */
  n: number
  /** what a request has beyond others when the tool's servers are there; throws what the policy says */
  toolRequest(config: Record<string, unknown>): Record<string, unknown>
}

const defaultChecks: Check[] = [{ type: 'response_not_empty', params: {} }]
const helpers = ['max_attempts_before_tool_use', 'debug_tool_name', 'debug_tool_mcp_config', 'original_user_prompt'] as const

/** Throws 400 with `param`. */
export function toPlan(fields: PlanFields, context: PlanContext): AttemptPlan | null {
  const asked = parseValidation(fields.validation, context.ignored, context.pending)
  const checks = asked.length === 0 && fields.default_validate === true ? defaultChecks : asked
  const config = fields.retry_config ?? {}
  const humanAfter = oneOf(fields, config, 'max_attempts_before_human')
  const toolAfter = oneOf(fields, config, 'max_attempts_before_tool_use')
  if (checks.length === 0) {
    // without checks no answer is wrong, and nothing of this can come to pass
    for (const name of helpers) if (!isNothing(fields[name])) context.ignored.add(name)
    if (humanAfter !== null) context.ignored.add('max_attempts_before_human')
    if (Object.keys(config).length === 0) return null
  }
  if (humanAfter === 0) throw refuse('invalid_value', 'max_attempts_before_human', 'there must be an attempt before a human can look at it')
  if (humanAfter !== null && checks.length > 0 && context.n > 1) {
    throw refuse('unsupported_value', 'n', 'a human reviews one answer, not several')
  }
  nameOthers(config, context)
  return {
    checks,
    maxAttempts: config.max_attempts ?? Math.max(3, humanAfter ?? 0, toolAfter === null ? 0 : toolAfter + 1),
    initialDelayS: config.initial_delay ?? 1,
    backoffFactor: config.backoff_factor ?? 2,
    maxDelayS: config.max_delay ?? 60,
    jitter: config.jitter ?? 0.1,
    toolAfter,
    humanAfter,
    tool: toolOf(fields, toolAfter, context),
    originalPrompt: fields.original_user_prompt || context.lastUserText,
    originalRequest: context.originalRequest,
  }
}

/** The thresholds stand inside `retry_config` or beside it. */
function oneOf(fields: PlanFields, config: RetryConfig, name: 'max_attempts_before_human' | 'max_attempts_before_tool_use'): number | null {
  const beside = fields[name] ?? null
  const inside = config[name] ?? null
  if (beside !== null && inside !== null && beside !== inside) {
    throw refuse('invalid_value', name, `retry_config.${name} says ${inside}`)
  }
  return beside ?? inside
}

function toolOf(fields: PlanFields, toolAfter: number | null, context: PlanContext): AttemptPlan['tool'] {
  const config = fields.debug_tool_mcp_config
  const hasServers = config != null && !isNothing(config)
  const name = fields.debug_tool_name || null
  if (toolAfter === null) {
    if (name !== null) context.ignored.add('debug_tool_name')
    if (hasServers) context.ignored.add('debug_tool_mcp_config')
    return null
  }
  return { name, request: hasServers ? context.toolRequest(config) : {} }
}

function nameOthers(config: RetryConfig, { ignored }: PlanContext): void {
  for (const [name, value] of Object.entries(config)) {
    if (value != null && value !== false && !Object.hasOwn(retryConfigSchema.shape, name)) ignored.add(`retry_config.${name}`)
  }
}
