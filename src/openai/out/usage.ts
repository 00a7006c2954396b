import type { Usage } from '../../jobs/events.js'
import type { CompletionUsage } from './response-schemas.js'

/**
 * Our usage -> OpenAI's. Anthropic counts cache reads and writes beside the input, OpenAI as a part of the prompt, and
 * clients subtract `cached_tokens` from `prompt_tokens`; so they are added here. What is not known is left out.
 */
export function toUsage(usage: Usage): CompletionUsage {
  const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens
  const result: CompletionUsage = {
    prompt_tokens: prompt,
    completion_tokens: usage.outputTokens,
    total_tokens: prompt + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cacheReadTokens, cache_write_tokens: usage.cacheWriteTokens },
  }
  if (usage.reasoningTokens !== null) {
    result.completion_tokens_details = { reasoning_tokens: usage.reasoningTokens }
  }
  return result
}
