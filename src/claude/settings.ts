/**
 * What one request sets on a started process, as control requests in their order. Everything here reaches the CLI over stdin, so no
 * prompt and no schema ever stands in an argument list.
 */
import type { ClaudeRequest, ToolChoice } from '../openai/conversation.js'
import { cliSchema } from './cli-schema.js'
import { outputTool } from './output-reader.js'
import { clientServer, modelName } from './tool-names.js'

export interface ControlRequest {
  subtype: string
  [key: string]: unknown
}

/** Below this the CLI's smallest thinking budget would not fit into the answer's limit, and the API would refuse it. */
const smallestThinkingBudget = 1024

/** For a process that has heard nothing yet; `exercised`: see `exercise.ts`. */
export function requestSettings(request: ClaudeRequest, exercised: boolean): ControlRequest[] {
  const requests: ControlRequest[] = []
  // the CLI joins the parts by a blank line
  const prompt = exercised ? request.system.filter((part) => part !== '').join('\n\n') : ''
  if (prompt !== '') requests.push({ subtype: 'set_model', model: request.model, system_prompt: prompt, only_if_model_is_current: true })
  // of prompts and schemas, only the first initialize of a process counts
  const initialize = {
    ...(!exercised && request.system.length > 0 && { systemPrompt: request.system }),
    ...(request.tools !== undefined && { sdkMcpServers: [clientServer] }),
    ...(request.output !== undefined && { jsonSchema: cliSchema(request.output.schema) }),
  }
  if (Object.keys(initialize).length > 0) requests.push({ subtype: 'initialize', ...initialize })

  const env: Record<string, string> = {}
  const body = extraBody(request)
  if (body !== '') env['CLAUDE_CODE_EXTRA_BODY'] = body
  if (request.maxTokens !== undefined) env['CLAUDE_CODE_MAX_OUTPUT_TOKENS'] = String(request.maxTokens)
  if (Object.keys(env).length > 0) requests.push({ subtype: 'apply_flag_settings', settings: { env } })

  const budget = thinkingBudget(request)
  if (budget !== null) requests.push({ subtype: 'set_max_thinking_tokens', max_thinking_tokens: budget })
  return requests
}

/** What a later turn of the same process asks of the API beside its text; the CLI reads it anew for every call. */
export function bodySetting(body: string): ControlRequest {
  return { subtype: 'apply_flag_settings', settings: { env: { CLAUDE_CODE_EXTRA_BODY: body } } }
}

/** Members of the API's request that the CLI has no setting for, as JSON text; empty where there are none. */
export function extraBody(request: ClaudeRequest): string {
  const body: Record<string, unknown> = {}
  const stop = request.stop?.filter((sequence) => sequence.trim() !== '') ?? []
  // the API refuses sequences of white space only; the turn's own cutter holds those
  if (stop.length > 0) body['stop_sequences'] = stop
  const choice = toolChoice(request)
  if (choice !== null) {
    body['tool_choice'] = choice
    // the API takes a forced call only without thinking
    if (choice.type === 'any' || choice.type === 'tool') body['thinking'] = { type: 'disabled' }
  }
  return Object.keys(body).length === 0 ? '' : JSON.stringify(body)
}

interface ApiToolChoice {
  type: 'auto' | 'any' | 'tool' | 'none'
  name?: string
  disable_parallel_tool_use?: true
}

/** Null: what the API does by itself. */
function toolChoice({ tools, toolChoice: asked = 'auto', parallelToolCalls, output }: ClaudeRequest): ApiToolChoice | null {
  if (tools === undefined) return null
  const one = parallelToolCalls === false ? { disable_parallel_tool_use: true as const } : {}
  // the answer's own tool has to be called, whatever becomes of the client's
  if (asked === 'none') return output === undefined ? { type: 'none' } : { type: 'tool', name: outputTool }
  if (asked === 'auto') return parallelToolCalls === false ? { type: 'auto', ...one } : null
  return { ...forced(asked), ...one }
}

function forced(choice: Exclude<ToolChoice, 'auto' | 'none'>): ApiToolChoice {
  return choice === 'required' ? { type: 'any' } : { type: 'tool', name: modelName(choice.name) }
}

/**
 * Tokens of thinking, for models that take a budget; the others (adaptive thinking) ignore it. The CLI would give thinking
 * all of a small limit but one token; half leaves room for an answer.
 */
function thinkingBudget(request: ClaudeRequest): number | null {
  if (request.effort === 'none') return 0
  // between calls and their results the API wants the thoughts that led to the calls, which no client has
  if (request.turns.at(-1)?.content.some((block) => block.type === 'tool_result')) return 0
  if (request.maxTokens === undefined) return null
  const half = Math.floor(request.maxTokens / 2)
  return half < smallestThinkingBudget ? 0 : half
}
