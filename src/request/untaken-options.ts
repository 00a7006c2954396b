/** Options that a model's API has refused by name: which one a refusal is about, and the request without it. */
import type { ClaudeRequest } from './conversation.js'

/** `one_sampling`: `top_p` beside a `temperature`; each alone is taken */
export type Option = 'tool_choice' | 'parallel_tool_calls' | 'reasoning_effort' | 'one_sampling' | 'temperature' | 'top_p'

/**
 * In the order in which they are looked for: a forced call switches thinking off, so that a refusal of both is about the call. One that names
 * both kinds of sampling is about the two together.
 */
const options: readonly Option[] = ['tool_choice', 'parallel_tool_calls', 'reasoning_effort', 'one_sampling', 'temperature', 'top_p']

/** What a refusal says of each; the API has other names than the client. */
const words: Record<Option, RegExp> = {
  tool_choice: /tool[_ ]choice|thinking/i,
  parallel_tool_calls: /tool[_ ]choice|parallel/i,
  reasoning_effort: /\beffort\b|output_config|thinking/i,
  one_sampling: /\btemperature\b.*\btop_p\b|\btop_p\b.*\btemperature\b/is,
  temperature: /\btemperature\b/i,
  top_p: /\btop_p\b/i,
}

/** The option of the request that a refusal names; null: it is about something else. */
export function refusedOption(request: ClaudeRequest, refusal: string): Option | null {
  const text = refusal.replaceAll(request.model, '')
  return options.find((option) => words[option].test(text) && has(request, option, text)) ?? null
}

function has({ tools, toolChoice, parallelToolCalls, effort, sampling }: ClaudeRequest, option: Option, refusal = ''): boolean {
  switch (option) {
    case 'tool_choice':
      return tools !== undefined && (toolChoice === 'required' || typeof toolChoice === 'object')
    case 'parallel_tool_calls':
      return tools !== undefined && parallelToolCalls === false
    case 'reasoning_effort':
      // of the levels `none` alone says something about thinking
      return effort !== undefined && (effort === 'none' || refusal === '' || /effort|output_config/i.test(refusal))
    case 'one_sampling':
      return sampling?.temperature !== undefined && sampling.topP !== undefined
    case 'temperature':
      return sampling?.temperature !== undefined
    case 'top_p':
      return sampling?.topP !== undefined
  }
}

export interface Without {
  request: ClaudeRequest
  /** fields that have no effect, as the client has written them */
  ignored: string[]
}

/** The request as a model takes it that has refused these options; those that the request does not have change nothing. */
export function without(request: ClaudeRequest, refused: Iterable<Option>): Without {
  const result = { ...request }
  const ignored: string[] = []
  for (const option of refused) {
    if (!has(result, option)) continue
    take(result, option)
    ignored.push(fieldOf(option, request))
  }
  return { request: result, ignored }
}

function fieldOf(option: Option, { response }: ClaudeRequest): string {
  if (option === 'one_sampling') return 'top_p'
  // the Responses API has another name for it
  return option === 'reasoning_effort' && response !== undefined ? 'reasoning.effort' : option
}

function take(request: ClaudeRequest, option: Option): void {
  switch (option) {
    case 'tool_choice': {
      const { toolChoice: choice, tools = [] } = request
      // the one that was to be called is the only one there is
      if (typeof choice === 'object') request.tools = tools.filter(({ name }) => name === choice.name)
      delete request.toolChoice
      return
    }
    case 'parallel_tool_calls':
      delete request.parallelToolCalls
      return
    case 'reasoning_effort':
      if (request.effort === 'none') request.effort = 'low'
      else delete request.effort
      return
    case 'one_sampling':
    case 'temperature':
    case 'top_p': {
      const { temperature, topP } = request.sampling ?? {}
      const left =
        option === 'temperature' ? { ...(topP !== undefined && { topP }) } : { ...(temperature !== undefined && { temperature }) }
      if (Object.keys(left).length > 0) request.sampling = left
      else delete request.sampling
    }
  }
}
