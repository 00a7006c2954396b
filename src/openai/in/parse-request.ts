/** A checked body -> what the bridge has to do. Where fields touch one another, it is decided here. */
import { BridgeError } from '../../errors/catalogue.js'
import type { PendingSource } from '../../request/pending-source.js'
import type { ChatOptions } from './chat-options.js'
import type { ChatRequest } from './chat-request.js'
import type { ParsedRequest } from '../../request/parsed-request.js'
import { checkFields } from './check-fields.js'
import { nameOthers } from './content-blocks.js'
import type { ClaudeRequest, Conversation, Effort } from '../../request/conversation.js'
import { fitOptions, fitSampling } from '../../request/fit-options.js'
import { createIgnored, type Ignored } from '../../request/ignored.js'
import type { RemoteImage } from '../../request/images.js'
import { noTools } from '../../request/mcp-ask.js'
import { toMcpAsk, withServers } from './mcp.js'
import { modelNotFound, resolveModel } from '../../request/model-names.js'
import { conversationOf, type ReadMessages } from './read-messages.js'
import { refuse } from '../../errors/refuse.js'
import { requestPlan } from './request-plan.js'
import { toOutput } from './response-format.js'
import { toOffer } from './tools.js'

/** Every answer is a run of its own, and each run a process. */
export const maxChoices = 8

/**
 * Throws BridgeError: 400 with `param`, or 404 `model_not_found`. `body` has passed `chatRequestSchema`.
 */
export function parseRequest(
  body: ChatRequest,
  options: Pick<ChatOptions, 'claudeModel' | 'aliases' | 'models' | 'mcp' | 'read' | 'passSampling' | 'aliasModels'>,
): ParsedRequest {
  const ignored = createIgnored()
  checkFields(body, ignored)
  const n = body.n ?? 1
  if (n > maxChoices) {
    throw refuse('unsupported_value', 'n', `at most ${maxChoices} answers at once`)
  }
  const route = resolveModel(body.model, options)
  if (route === null) throw modelNotFound(body.model, [], options.aliases)
  const remoteImages: RemoteImage[] = []
  const said = conversationIn(body, options.read, ignored, remoteImages)
  const conversation = { ...said, system: [...systemOf(body.system, ignored), ...said.system] }
  const run: ClaudeRequest = {
    kind: 'claude',
    model: route.model,
    ...conversation,
    ...toOffer(body, conversation, ignored),
  }
  const pending: PendingSource[] = []
  const output = body.response_format == null ? null : toOutput(body.response_format, ignored, pending)
  if (output !== null) run.output = output
  if (body.stop != null) run.stop = typeof body.stop === 'string' ? [body.stop] : body.stop
  const maxTokens = body.max_completion_tokens ?? body.max_tokens
  if (maxTokens != null) run.maxTokens = maxTokens
  if (body.reasoning_effort != null) run.effort = toEffort(body.reasoning_effort)
  fitOptions(run, ignored, body.tool_choice == null && body.function_call != null ? 'function_call' : 'tool_choice', options.aliasModels)
  if (options.passSampling === true) fitSampling(run, body, ignored, options.aliasModels)
  nameOverruled(body, ignored)
  // a caller that can ask other models takes them out before; see parse-chat.ts
  if ((body.fallbacks?.length ?? 0) > 0) ignored.add('fallbacks')
  if (body.service_tier != null && !['auto', 'default'].includes(body.service_tier)) ignored.add('service_tier')

  const rules = options.mcp ?? noTools
  const ask = toMcpAsk(body, ignored)
  const inside = ask === null ? undefined : rules.settle(ask, ignored)
  if (inside !== undefined) run.inside = inside
  const plan = requestPlan(body, ignored, pending, (config) => ({ inside: rules.settle(withServers(ask, config, ignored), ignored) }))
  const user = body.user ?? body.safety_identifier
  if (user != null) run.person = user
  const own = options.models?.get(route.model) ?? {}
  return {
    run,
    remoteImages,
    pending,
    model: body.model,
    ...deliveryOf(body, own.way),
    includeUsage: includeUsage(body, ignored),
    n,
    metadata: body.metadata ?? {},
    store: body.store ?? false,
    ignored: ignored.names(),
    ...(plan && { plan }),
    ...(user != null && { user }),
    ...((body.functions?.length ?? 0) > 0 && { formerCalls: true as const }),
    ...(body.service_tier != null && { tellTier: true as const }),
    ...(body.webhook_url && { webhookUrl: body.webhook_url }),
    ...(body.max_cost_usd != null && { maxCostUsd: body.max_cost_usd }),
    ...(body.timeout != null && { timeoutS: body.timeout }),
    ...(own.timeoutS !== undefined && { limitS: own.timeoutS }),
  }
}

function conversationIn(body: ChatRequest, read: ReadMessages | undefined, ignored: Ignored, remote: RemoteImage[]): Conversation {
  if (body.messages != null) return conversationOf(body.messages, read, ignored, remote)
  if (body.question != null) {
    return { system: [], turns: [{ role: 'user', content: [{ type: 'text', text: body.question }] }] }
  }
  throw new BridgeError('missing_required_parameter', "Missing required parameter: 'messages'.", { param: 'messages' })
}

/** The texts of Anthropic's `system`. */
function systemOf(system: ChatRequest['system'], ignored: Ignored): string[] {
  const parts = typeof system === 'string' ? [{ type: 'text' as const, text: system }] : (system ?? [])
  for (const part of parts) nameOthers(part, ['type', 'text'], 'system[]', { ignored })
  return parts.flatMap(({ text }) => (/\S/.test(text) ? [text] : []))
}

/** Where two fields say the same in different ways, one wins and the other is named. */
function nameOverruled(body: ChatRequest, ignored: Ignored): void {
  if (body.messages != null && body.question != null) ignored.add('question')
  if (differ(body.max_completion_tokens, body.max_tokens)) ignored.add('max_tokens')
  if (differ(body.user, body.safety_identifier)) ignored.add('safety_identifier')
}

function differ(a: unknown, b: unknown): boolean {
  return a != null && b != null && a !== b
}

function toEffort(effort: NonNullable<ChatRequest['reasoning_effort']>): Effort {
  return effort === 'minimal' ? 'low' : effort
}

/**
 * A stream stays a stream in the background: the job then outlives the reader. `background: true` with
 * `wait_for_completion: true` blocks, and the job outlives a client that does not wait. `way`: the model's own, where the body is silent.
 */
export function deliveryOf(
  body: Pick<ChatRequest, 'stream' | 'background' | 'wait_for_completion'>,
  way: 'block' | 'poll' = 'block',
): Pick<ParsedRequest, 'delivery' | 'background' | 'pollByDefault'> {
  const { background, wait_for_completion: wait } = body
  if (background === false && wait === false) {
    throw refuse('invalid_value', 'wait_for_completion', 'it cannot be false while background is false')
  }
  const poll = wait === false || (background === true && wait !== true)
  const delivery = body.stream === true ? 'stream' : poll ? 'poll' : 'block'
  const silent = delivery === 'block' && background == null && wait == null
  return {
    delivery,
    background: background === true || wait === false,
    ...(silent && way === 'poll' && { pollByDefault: true as const }),
  }
}

function includeUsage(body: ChatRequest, ignored: Ignored): boolean {
  const asked = usageAsked(body)
  for (const [name, value] of Object.entries(body.stream_options ?? {})) {
    if (name !== 'include_usage' && value != null && value !== false) ignored.add(`stream_options.${name}`)
  }
  return asked
}

/** Whether a stream is to tell its usage. Throws 400, as OpenAI does, for options of a stream where there is none. */
export function usageAsked({ stream, stream_options: options }: Pick<ChatRequest, 'stream' | 'stream_options'>): boolean {
  if (options != null && stream !== true) throw refuse('invalid_value', 'stream_options', 'it is only allowed with stream: true')
  return options?.include_usage ?? false
}
