import type { Usage } from '../../jobs/events.js'
import { toUsage } from '../out/usage.js'
import type { ResponseUsage } from './response-schemas.js'

/** Our usage -> that of a response. OpenAI requires every member, so what is not known is 0. */
export function toResponseUsage(usage: Usage): ResponseUsage {
  const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details, completion_tokens_details } = toUsage(usage)
  return {
    input_tokens: prompt_tokens,
    input_tokens_details: prompt_tokens_details,
    output_tokens: completion_tokens,
    output_tokens_details: { reasoning_tokens: completion_tokens_details?.reasoning_tokens ?? 0 },
    total_tokens,
  }
}
