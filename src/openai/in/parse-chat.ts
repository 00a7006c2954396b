/** A checked body -> what the bridge has to do, for models of the CLI and of providers, and with those that take its place. */
import { validate, type Validated } from '../../errors/request-error.js'
import type { ChatOptions } from './chat-options.js'
import { type ChatRequest, chatRequestSchema } from './chat-request.js'
import type { ClaudeRequest } from '../../request/conversation.js'
import { type ToolRules, noTools } from '../../request/mcp-ask.js'
import { modelNotFound, requireModel, resolveModel } from '../../request/model-names.js'
import type { ParsedRequest } from '../../request/parsed-request.js'
import { parseRequest } from './parse-request.js'
import { parseUpstreamRequest } from './parse-upstream-request.js'
import { readMessages } from './read-messages.js'
import { refuse } from '../../errors/refuse.js'
import { resolveUpstream, type UpstreamProvider } from '../../request/upstream-models.js'
import type { InnerRequest } from '../../request/job-request.js'
import type { UpstreamRequest } from '../../request/upstream-request.js'
import { tryValidators } from './validator-models.js'
import type { CheckedChat } from './validate-chat.js'
import { validateLarge } from './validate-large.js'

interface Options extends ChatOptions {
  upstreams: readonly UpstreamProvider[]
  mcp: ToolRules
  /** the JSON of the body */
  text(): string
  /** the body under the rules of Claude's models; throws what they refuse */
  asChat(): ChatRequest
}
type One = ParsedRequest<ClaudeRequest | UpstreamRequest>

/** As {@link parseChat}, with turns for the event loop while the messages are read. */
export async function parseLargeChat(body: CheckedChat, options: ChatOptions, text?: string): Promise<ParsedRequest<InnerRequest>> {
  const resolve = (name: string) => resolveUpstream(name, options.upstreams ?? [], options.aliases)
  const found = resolve(body.model)
  const names = [body.model, ...(body.fallbacks ?? found?.model.fallbacks ?? [])]
  // another provider gets the messages as they are
  if (names.every((name) => resolve(name) !== null)) return parseChat(body, options, text)
  const forClaude = found === null ? { value: body as ChatRequest } : await validateLarge(chatRequestSchema, body)
  const read = await readMessages(forClaude.value?.messages)
  return parseChat(body, { ...options, forClaude, read }, text)
}

/**
 * Throws BridgeError: 400 with `param`, or 404 `model_not_found`. `body` has passed the schema of its model. `text`: the JSON it was read
 * from; left out: the body as JSON.
 */
export function parseChat(body: CheckedChat, given: ChatOptions, text?: string): ParsedRequest<InnerRequest> {
  const upstreams = given.upstreams ?? []
  const listed = resolveUpstream(body.model, upstreams, given.aliases)?.model.fallbacks
  const options: Options = {
    ...given,
    upstreams,
    mcp: given.mcp ?? noTools,
    text: () => (text ??= JSON.stringify(body)),
    asChat: () => checked(given.forClaude ?? (listed === undefined ? { value: body as ChatRequest } : validate(chatRequestSchema, body))),
  }
  const parsed = parseOne(body, body.model, options)
  tryValidators(parsed.plan, options.claudeModel, (child) => parseChat(child, { ...given, read: undefined, forClaude: undefined }))
  // the operator's own list takes no key further than its models
  const usable = listed?.filter((name) => options.allowedModels?.includes(name) ?? true)
  const names = [...new Set(body.fallbacks ?? usable)].filter((name) => name !== body.model)
  if (names.length === 0) return parsed
  const others = names.map((name, index) => inPlace(body, name, index, options))
  return {
    ...parsed,
    run: {
      kind: 'fallbacks',
      candidates: [{ name: body.model, run: parsed.run }, ...others.map(({ model, run }) => ({ name: model, run }))],
    },
    remoteImages: [parsed, ...others].flatMap(({ remoteImages }) => remoteImages),
    // of the same schema all of them
    pending: parsed.pending.length > 0 ? parsed.pending : (others.find(({ pending }) => pending.length > 0)?.pending ?? []),
    ignored: [
      ...parsed.ignored,
      ...others.flatMap(({ ignored }, index) =>
        ignored.filter((name) => !parsed.ignored.includes(name)).map((name) => `fallbacks[${index}].${name}`),
      ),
    ],
  }
}

function checked({ value, error }: Validated<ChatRequest>): ChatRequest {
  if (error !== undefined) throw error
  return value
}

/** The request of one model, whatever the body says of the model and of those in its place. */
function parseOne(body: CheckedChat, model: string, options: Options): One {
  requireModel(model, options.allowedModels)
  const upstream = resolveUpstream(model, options.upstreams, options.aliases)
  if (upstream !== null) return parseUpstreamRequest({ ...body, model }, upstream, options.text(), options.models)
  if (resolveModel(model, options) === null) throw modelNotFound(model, options.upstreams, options.aliases)
  return parseRequest({ ...options.asChat(), model, fallbacks: null }, options)
}

/** The same request of another model. What that one cannot do is the fault of its place in the list. */
function inPlace(body: CheckedChat, model: string, index: number, options: Options): One {
  try {
    return parseOne(body, model, options)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/\.$/, '') : String(error)
    throw refuse('invalid_value', `fallbacks[${index}]`, why, error)
  }
}
