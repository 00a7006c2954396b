import type { Usage } from '../jobs/events.js'
import { numberAt } from './loose.js'

/**
 * A provider's usage -> ours; null where it tells none. OpenAI counts what was cached as part of the prompt, we beside it. Some
 * providers have names of their own for it (DeepSeek: `prompt_cache_hit_tokens`).
 */
export function usageOf(given: unknown): Usage | null {
  const prompt = numberAt(given, 'prompt_tokens')
  const output = numberAt(given, 'completion_tokens')
  if (prompt === null && output === null) return null
  const read = numberAt(given, 'prompt_tokens_details', 'cached_tokens') ?? numberAt(given, 'prompt_cache_hit_tokens') ?? 0
  const written = numberAt(given, 'prompt_tokens_details', 'cache_write_tokens') ?? 0
  return {
    inputTokens: Math.max(0, (prompt ?? 0) - read - written),
    cacheReadTokens: read,
    cacheWriteTokens: written,
    outputTokens: output ?? 0,
    reasoningTokens: numberAt(given, 'completion_tokens_details', 'reasoning_tokens'),
  }
}

/** US dollars, where a provider tells them (OpenRouter). */
export function costOf(given: unknown): number | null {
  const cost = typeof given === 'object' && given !== null ? (given as { cost?: unknown }).cost : null
  return typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? cost : null
}
