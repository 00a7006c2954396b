/**
 * A checked body -> the call of another provider's model. Every field goes on to the provider, those that are not known
 * here too, except what is the bridge's own business and what its answers could not carry back.
 */
import { BridgeError } from '../../errors/catalogue.js'
import type { ChatOptions } from './chat-options.js'
import { checkFields } from './check-fields.js'
import { createIgnored } from '../../request/ignored.js'
import { isNothing } from '../../request/is-nothing.js'
import { deliveryOf, maxChoices, usageAsked } from './parse-request.js'
import type { ParsedRequest } from '../../request/parsed-request.js'
import type { PendingSource } from '../../request/pending-source.js'
import { refuse } from '../../errors/refuse.js'
import type { ProviderRequest } from './provider-request.js'
import { requestPlan } from './request-plan.js'
import { upstreamKey } from '../../request/model-settings.js'
import type { UpstreamRoute } from '../../request/upstream-models.js'
import { ofTheCli, type UpstreamRequest, underRules } from '../../request/upstream-request.js'

/** Throws BridgeError: 400 with `param`. `body` has passed `providerRequestSchema`; `text` is the JSON it was read from. */
export function parseUpstreamRequest(
  body: ProviderRequest,
  route: UpstreamRoute,
  text: string,
  models: ChatOptions['models'],
): ParsedRequest<UpstreamRequest> {
  const ignored = createIgnored()
  const given = Object.entries(body).filter(([, value]) => value != null)
  checkFields(Object.fromEntries(given.filter(([name]) => underRules.includes(name))), ignored)
  refuseCliFields(body)
  const n = body.n ?? 1
  if (n > maxChoices) throw refuse('unsupported_value', 'n', `at most ${maxChoices} answers at once`)
  if (body.messages != null && body.question != null) ignored.add('question')

  requireMessages(body)
  const pending: PendingSource[] = []
  const plan = requestPlan(body, ignored, pending)
  const { model } = route
  const own = models?.get(upstreamKey(route.provider, model.id)) ?? {}
  const limitS = own.timeoutS ?? model.timeoutS
  const user = labelOf(body['user']) ?? labelOf(body['safety_identifier'])
  const asked = deliveryOf(body, own.way ?? model.way)
  return {
    run: {
      kind: 'upstream',
      provider: route.provider,
      model: model.id,
      text,
    },
    // URLs are the provider's to fetch
    remoteImages: [],
    model: body.model,
    ...asked,
    background: asked.background || (model.longRunning && body.background !== false),
    includeUsage: usageAsked(body),
    n,
    metadata: body.metadata ?? {},
    store: body.store ?? false,
    ignored: ignored.names(),
    pending,
    ...(plan && { plan }),
    lane: `provider/${route.provider}`,
    ...(user !== null && { user }),
    ...(isFilled(body['functions']) && { formerCalls: true as const }),
    ...(body.webhook_url && { webhookUrl: body.webhook_url }),
    ...(body.max_cost_usd != null && { maxCostUsd: body.max_cost_usd }),
    ...(body.timeout != null && { timeoutS: body.timeout }),
    ...(limitS !== undefined && { limitS }),
  }
}

function requireMessages({ messages, question }: ProviderRequest): void {
  if (messages != null || question != null) return
  throw new BridgeError('missing_required_parameter', "Missing required parameter: 'messages'.", { param: 'messages' })
}

/** Characters of a label of a task. */
const longestLabel = 512

/** The task's label, of a member that is the provider's to judge. */
function labelOf(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, longestLabel) : null
}

function isFilled(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0
}

/** Empty ones change nothing for Claude's models either. */
function refuseCliFields(body: Record<string, unknown>): void {
  for (const name of ofTheCli) {
    if (isNothing(body[name])) continue
    throw refuse('unsupported_parameter', name, "only Claude's models have servers and tools of the CLI")
  }
}
