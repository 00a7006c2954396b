/** What a job of another provider's model stores: the client's own text, of which the provider gets what is its business. */
import type { ClaudeRequest } from './conversation.js'
import { listWith, membersOf, objectText } from './json-members.js'
import type { Dialect } from './upstream-models.js'

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
  'max_cost_usd',
  'timeout',
  'background',
  'wait_for_completion',
  'fallbacks',
] as const

/** What no answer can carry: refused where it asks for something, else passed on. */
const notCarried = ['logprobs', 'top_logprobs', 'audio', 'modalities'] as const

/** The bridge's own, with rules in the table of fields. */
const checksAndHooks = [
  'validation',
  'retry_config',
  'max_attempts_before_tool_use',
  'max_attempts_before_human',
  'default_validate',
  'debug_tool_name',
  'debug_tool_mcp_config',
  'original_user_prompt',
  'webhook_url',
] as const

/** Members of a provider's body that the table of fields may refuse. */
export const underRules: readonly string[] = [...notCarried, ...checksAndHooks]

export const ofTheCli = ['mcp_config', 'mcp_servers', 'allowed_tools'] as const

/** Not passed on as they are. A body may have any number of members. */
const ours = new Set<string>([...handledHere, ...checksAndHooks, ...ofTheCli])

/** Members that the bridge reads of a provider's body, by their names; all others are the provider's to judge. */
export const readHere = [...handledHere, ...notCarried, ...checksAndHooks, ...ofTheCli] as const

/**
 * The JSON that the provider is sent: the client's own text of every member that is not the bridge's, those that are not known here too.
 *
 * @param dialect what the bridge adds for itself: answers are streamed, with usage
 */
export function providerText({ text, model, added = [] }: UpstreamRequest, dialect: Dialect): string {
  const given = membersOf(text)
  const passedOn = [...given].filter(([name]) => !ours.has(name))
  return objectText([
    ['messages', listWith(messagesIn(given), added)],
    ...passedOn,
    ['model', JSON.stringify(model)],
    ['stream', String(dialect.stream)],
    ...(dialect.stream && dialect.streamOptions ? [['stream_options', streamOptions(given)] as const] : []),
  ])
}

function messagesIn(given: ReadonlyMap<string, string>): string {
  const messages = given.get('messages') ?? 'null'
  return messages === 'null' ? `[{"role":"user","content":${given.get('question') ?? 'null'}}]` : messages
}

/** The client's own, but always with usage: the job's record has it. */
function streamOptions(given: ReadonlyMap<string, string>): string {
  const own = given.get('stream_options') ?? 'null'
  return objectText(membersOf(own === 'null' ? '{}' : own).set('include_usage', 'true'))
}
