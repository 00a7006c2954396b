/** What a job of another provider's model stores: the client's own text, of which the provider gets what is its business. */
import type { ClaudeRequest } from './conversation.js'

/** One call of an OpenAI-compatible provider. */
export interface UpstreamRequest {
  kind: 'upstream'
  /** its name in `UPSTREAMS` */
  provider: string
  /** the provider's name for the model */
  model: string
  /** the JSON of the chat request, as the client wrote it */
  text: string
  /** messages after the client's own: what the model has answered, and what is wrong with it */
  added?: unknown[]
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

/** Honoured here, for every model. */
const handledHere = [
  'model',
  'messages',
  'question',
  'stream',
  'stream_options',
  'n',
  'metadata',
  'store',
  'timeout',
  'background',
  'wait_for_completion',
  'fallbacks',
]

/** Under the rules of the table of fields: the bridge's own, and what no answer of its can carry. */
export const underRules = [
  'logprobs',
  'top_logprobs',
  'audio',
  'modalities',
  'validation',
  'retry_config',
  'max_attempts_before_tool_use',
  'max_attempts_before_human',
  'default_validate',
  'debug_tool_name',
  'debug_tool_mcp_config',
  'original_user_prompt',
  'webhook_url',
]

export const ofTheCli = ['mcp_config', 'mcp_servers', 'allowed_tools']

/** Not passed on. A body may have any number of members. */
const ours = new Set([...handledHere, ...underRules, ...ofTheCli])

/** What the provider is sent, without `model` and `stream`: every member that is not the bridge's, those that are not known here too. */
export function providerBody({ text, added = [] }: UpstreamRequest): Record<string, unknown> {
  const body = JSON.parse(text) as Record<string, unknown>
  const asked = (body['messages'] as unknown[] | null | undefined) ?? [{ role: 'user', content: body['question'] }]
  const passedOn = Object.entries(body).filter(([name, value]) => value != null && !ours.has(name))
  return { messages: [...asked, ...added], ...Object.fromEntries(passedOn) }
}
