/** Checks the body of a chat request by the rules of the model that it asks for. */
import type { Validated } from '../../errors/request-error.js'
import { validate } from '../../errors/request-error.js'
import { resolveUpstream } from '../../request/upstream-models.js'
import type { ChatOptions } from './chat-options.js'
import { type ChatRequest, chatRequestSchema } from './chat-request.js'
import { type ProviderRequest, providerRequestSchema } from './provider-request.js'
import { validateLarge } from './validate-large.js'

/** Which names are models of providers, and not Claude's. */
type ProviderNames = Pick<ChatOptions, 'upstreams' | 'aliases'>

/** A body that has passed the schema of its model. */
export type CheckedChat = ChatRequest | ProviderRequest

/** `body` is anything that came as JSON. */
export async function validateChat(body: unknown, names: ProviderNames): Promise<Validated<CheckedChat>> {
  return asksProvider(body, names) ? validate(providerRequestSchema, body) : validateLarge(chatRequestSchema, body)
}

function asksProvider(body: unknown, { upstreams = [], aliases }: ProviderNames): boolean {
  const model = typeof body === 'object' && body !== null && 'model' in body ? body.model : null
  return typeof model === 'string' && resolveUpstream(model, upstreams, aliases) !== null
}
