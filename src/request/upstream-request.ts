/** What a job of another provider's model stores: the client's own words, passed on as they are. */
import type { ClaudeRequest } from './conversation.js'

/** One call of an OpenAI-compatible provider. */
export interface UpstreamRequest {
  kind: 'upstream'
  /** its name in `UPSTREAMS` */
  provider: string
  /** the provider's name for the model */
  model: string
  /** members of a chat request, `messages` among them; without `model`, `stream` and `n` */
  body: Record<string, unknown>
  /** how many jobs are above this one */
  depth?: number
}

/** Models in their order: the next is asked where one cannot answer. At least two. */
export interface FallbackRequest {
  kind: 'fallbacks'
  candidates: { name: string; run: ClaudeRequest | UpstreamRequest }[]
  /** how many jobs are above this one; the same for every candidate */
  depth?: number
}

export type JobRequest = ClaudeRequest | UpstreamRequest | FallbackRequest
