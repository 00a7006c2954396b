/**
 * What a request sets for the calls of the API that its turn makes. The CLI reads these settings anew for every call, so each turn sets
 * what differs from the turn before, and clears what it does not have.
 */
import type { ClaudeRequest, ClientTool, ToolChoice } from '../../request/conversation.js'
import type { FieldsAt } from './field-places.js'
import { outputTool } from '../protocol/output-reader.js'
import type { ControlRequest } from './settings.js'
import { modelName } from '../protocol/tool-names.js'

type TurnFields = Pick<ClaudeRequest, FieldsAt<'each turn'>>
/** A choice among tools means what it does beside them. */
type ChoiceFields = TurnFields & Pick<ClaudeRequest, 'tools' | 'output'>

export interface TurnSettings {
  /** members of the API's request that the CLI has no setting for, as JSON text; null: none */
  body: string | null
  /** tokens of the answer; null: the CLI's own limit */
  maxTokens: string | null
  /** tokens of thinking; null: what the CLI thinks fit */
  thinking: number | null
}

/** Of a process that has been told nothing. */
export const noSettings: TurnSettings = { body: null, maxTokens: null, thinking: null }

/** Below this the CLI's smallest thinking budget would not fit into the answer's limit, and the API would refuse it. */
const smallestThinkingBudget = 1024

/** `afterCalls`: the turn begins with results of calls whose thoughts the process does not have. */
export function turnSettings(request: ChoiceFields, afterCalls: boolean): TurnSettings {
  const { maxTokens } = request
  return {
    body: extraBody(request),
    maxTokens: maxTokens === undefined ? null : String(maxTokens),
    thinking: thinkingBudget(request, afterCalls),
  }
}

/** Whether a turn with these settings has no thinking. */
export function isThoughtless({ thinking }: TurnSettings): boolean {
  return thinking === 0
}

/** From the settings that a process has to those of the next turn. Null clears a variable; an empty text does not clear every one. */
export function changes(from: TurnSettings, to: TurnSettings): ControlRequest[] {
  const requests: ControlRequest[] = []
  const env: Record<string, string | null> = {}
  if (from.body !== to.body) env['CLAUDE_CODE_EXTRA_BODY'] = to.body
  if (from.maxTokens !== to.maxTokens) env['CLAUDE_CODE_MAX_OUTPUT_TOKENS'] = to.maxTokens
  if (Object.keys(env).length > 0) requests.push({ subtype: 'apply_flag_settings', settings: { env } })
  if (from.thinking !== to.thinking) requests.push({ subtype: 'set_max_thinking_tokens', max_thinking_tokens: to.thinking })
  return requests
}

function extraBody(request: ChoiceFields): string | null {
  const body: Record<string, unknown> = {}
  const stop = request.stop?.filter((sequence) => sequence.trim() !== '') ?? []
  // the API refuses sequences of white space only; the turn's own cutter holds those
  if (stop.length > 0) body['stop_sequences'] = stop
  const { temperature, topP } = request.sampling ?? {}
  if (temperature !== undefined) body['temperature'] = temperature
  if (topP !== undefined) body['top_p'] = topP
  const choice = toolChoice(request)
  if (choice !== null) body['tool_choice'] = choice
  return Object.keys(body).length === 0 ? null : JSON.stringify(body)
}

interface ApiToolChoice {
  type: 'auto' | 'any' | 'tool' | 'none'
  name?: string
  disable_parallel_tool_use?: true
}

/** Null: what the API does by itself. */
function toolChoice({ tools, toolChoice: asked = 'auto', parallelToolCalls, output }: ChoiceFields): ApiToolChoice | null {
  if (tools === undefined) return null
  const one = parallelToolCalls === false ? { disable_parallel_tool_use: true as const } : {}
  // the answer's own tool has to be called, whatever becomes of the client's
  if (asked === 'none') return output === undefined ? { type: 'none' } : { type: 'tool', name: outputTool }
  if (asked === 'auto') return parallelToolCalls === false ? { type: 'auto', ...one } : null
  return { ...forced(asked, tools), ...one }
}

function forced(choice: Exclude<ToolChoice, 'auto' | 'none'>, tools: readonly ClientTool[]): ApiToolChoice {
  return choice === 'required' ? { type: 'any' } : { type: 'tool', name: modelName(choice.name, tools) }
}

/**
 * Tokens of thinking, for models that take a budget; the others (adaptive thinking) ignore it. The CLI would give thinking
 * all of a small limit but one token; half leaves room for an answer.
 */
function thinkingBudget(request: ChoiceFields, afterCalls: boolean): number | null {
  const { effort, maxTokens } = request
  if (effort === 'none') return 0
  // the API takes a forced call only without thinking; switched off in the body alone, the CLI's `context_management` would still speak of thinking,
  // and the API refuses that
  const choice = toolChoice(request)?.type
  if (choice === 'any' || choice === 'tool') return 0
  // between calls and their results the API wants the thoughts that led to the calls
  if (afterCalls) return 0
  if (maxTokens === undefined) return null
  const half = Math.floor(maxTokens / 2)
  return half < smallestThinkingBudget ? 0 : half
}
