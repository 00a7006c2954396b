/**
 * What one request sets on a started process, as control requests in their order. Everything here reaches the CLI over stdin, so no
 * prompt and no schema ever stands in an argument list.
 */
import type { ClaudeRequest } from '../openai/conversation.js'

export interface ControlRequest {
  subtype: string
  [key: string]: unknown
}

/** Below this the CLI's smallest thinking budget would not fit into the answer's limit, and the API would refuse it. */
const smallestThinkingBudget = 1024

export function requestSettings(request: ClaudeRequest): ControlRequest[] {
  const requests: ControlRequest[] = []
  // the CLI joins the parts by a blank line; only the first initialize of a process counts
  if (request.system.length > 0) requests.push({ subtype: 'initialize', systemPrompt: request.system })

  const env: Record<string, string> = {}
  const stop = request.stop?.filter((sequence) => sequence.trim() !== '') ?? []
  // the API refuses sequences of white space only; the turn's own cutter holds those
  if (stop.length > 0) env['CLAUDE_CODE_EXTRA_BODY'] = JSON.stringify({ stop_sequences: stop })
  if (request.maxTokens !== undefined) env['CLAUDE_CODE_MAX_OUTPUT_TOKENS'] = String(request.maxTokens)
  if (Object.keys(env).length > 0) requests.push({ subtype: 'apply_flag_settings', settings: { env } })

  const budget = thinkingBudget(request)
  if (budget !== null) requests.push({ subtype: 'set_max_thinking_tokens', max_thinking_tokens: budget })
  return requests
}

/**
 * Tokens of thinking, for models that take a budget; the others (adaptive thinking) ignore it. The CLI would give thinking
 * all of a small limit but one token; half leaves room for an answer.
 */
function thinkingBudget(request: ClaudeRequest): number | null {
  if (request.effort === 'none') return 0
  if (request.maxTokens === undefined) return null
  const half = Math.floor(request.maxTokens / 2)
  return half < smallestThinkingBudget ? 0 : half
}
