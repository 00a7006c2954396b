/** Checks the body of a chat request by the rules of the model that it asks for. */
import type { Validated } from '../../errors/request-error.js'
import { validate } from '../../errors/request-error.js'
import { resolveUpstream, type UpstreamProvider } from '../../request/upstream-models.js'
import { type ChatRequest, chatRequestSchema } from './chat-request.js'
import { type ProviderRequest, providerRequestSchema } from './provider-request.js'
import { validateLarge } from './validate-large.js'

/** A body that has passed the schema of its model. */
export type CheckedChat = ChatRequest | ProviderRequest

/** `body` is anything that came as JSON; `providers`: those whose models are not Claude's. */
export async function validateChat(body: unknown, providers: readonly UpstreamProvider[]): Promise<Validated<CheckedChat>> {
  return asksProvider(body, providers) ? validate(providerRequestSchema, body) : validateLarge(chatRequestSchema, body)
}

function asksProvider(body: unknown, providers: readonly UpstreamProvider[]): boolean {
  const model = typeof body === 'object' && body !== null && 'model' in body ? body.model : null
  return typeof model === 'string' && resolveUpstream(model, providers) !== null
}
