/** A checked body -> what the bridge has to do, whoever's model is asked for, and with those that take its place. */
import type { ChatRequest } from './chat-request.js'
import type { ClaudeRequest } from '../../request/conversation.js'
import { type ToolRules, noTools } from '../../request/mcp-ask.js'
import { modelNotFound, resolveModel } from '../../request/model-names.js'
import type { ParsedRequest } from '../../request/parsed-request.js'
import { parseRequest } from './parse-request.js'
import { parseUpstreamRequest } from './parse-upstream-request.js'
import { type ReadMessages, readMessages } from './read-messages.js'
import { refuse } from '../../errors/refuse.js'
import { resolveUpstream, type UpstreamProvider } from '../../request/upstream-models.js'
import type { InnerRequest } from '../../request/job-request.js'
import type { UpstreamRequest } from '../../request/upstream-request.js'
import { tryValidators } from './validator-models.js'

export interface ChatOptions {
  /** model of `max/<label>` */
  claudeModel: string
  /** left out: none */
  upstreams?: readonly UpstreamProvider[]
  /** what may be used of MCP; left out: nothing */
  mcp?: ToolRules
  /** the body's messages, where they have been read before */
  read?: ReadMessages | undefined
}

type Options = ChatOptions & Required<Pick<ChatOptions, 'upstreams' | 'mcp'>> & { text: () => string }
type One = ParsedRequest<ClaudeRequest | UpstreamRequest>

/** As {@link parseChat}, with turns for the event loop while the messages are read. */
export async function parseLargeChat(body: ChatRequest, options: ChatOptions, text?: string): Promise<ParsedRequest<InnerRequest>> {
  const found = resolveUpstream(body.model, options.upstreams ?? [])
  const names = [body.model, ...(body.fallbacks ?? found?.model.fallbacks ?? [])]
  // another provider gets the messages as they are
  const read = names.some((name) => resolveUpstream(name, options.upstreams ?? []) === null)
  return parseChat(body, { ...options, read: read ? await readMessages(body.messages) : undefined }, text)
}

/**
 * Throws BridgeError: 400 with `param`, or 404 `model_not_found`. `body` has passed `chatRequestSchema`. `text`: the JSON it was read
 * from; left out: the body as JSON.
 */
export function parseChat(body: ChatRequest, given: ChatOptions, text?: string): ParsedRequest<InnerRequest> {
  const options = { ...given, upstreams: given.upstreams ?? [], mcp: given.mcp ?? noTools, text: () => (text ??= JSON.stringify(body)) }
  const parsed = parseOne({ ...body, fallbacks: null }, options)
  tryValidators(parsed.plan, options.claudeModel, (child) => parseChat(child, options))
  const listed = resolveUpstream(body.model, options.upstreams)?.model.fallbacks ?? []
  const names = [...new Set(body.fallbacks ?? listed)].filter((name) => name !== body.model)
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

function parseOne(body: ChatRequest, options: Options): One {
  const upstream = resolveUpstream(body.model, options.upstreams)
  if (upstream !== null) return parseUpstreamRequest(body, upstream, options.text())
  if (resolveModel(body.model, options) === null) throw modelNotFound(body.model, options.upstreams)
  return parseRequest(body, options)
}

/** The same request of another model. What that one cannot do is the fault of its place in the list. */
function inPlace(body: ChatRequest, model: string, index: number, options: Options): One {
  try {
    return parseOne({ ...body, model, fallbacks: null }, options)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/\.$/, '') : String(error)
    throw refuse('invalid_value', `fallbacks[${index}]`, why, error)
  }
}
