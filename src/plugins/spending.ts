/** What models cost, and what owners may use. */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.js'
import { tellRates } from '../http/rate-headers.js'
import type { KeyLimits } from '../jobs/keys.js'
import { type OwnerLimits, Quotas } from '../quotas/quotas.js'
import { sharedCounts } from '../replicas/shared-counts.js'
import { Prices } from '../spending/prices.js'

declare module 'fastify' {
  interface FastifyInstance {
    prices: Prices
    quotas: Quotas
  }
}

export default fp(
  async (app) => {
    const { config, store } = app
    const prices = new Prices(config.prices, (model) => app.log.warn({ model }, 'a model has no price: it counts as the dearest'))
    const shared = app.redis === null ? undefined : sharedCounts(app.redis)
    const quotas = new Quotas((owner) => limitsOf(app, owner), undefined, shared)
    await quotas.load((query) => store.usage(query))
    app.decorate('prices', prices)
    app.liveConfig.onChange((now) => prices.replace(now.prices))
    app.decorate('quotas', quotas)
    app.decorateRequest('ratesTold', null)
    app.addHook('preHandler', async (request, reply) => {
      if (!request.letIn) return
      const headers = quotas.headers(request.owner, request.method === 'POST')
      reply.headers(headers)
      if (shared !== undefined) request.ratesTold = headers
    })
    if (shared !== undefined) app.addHook('onSend', async (_request, reply) => tellRates(reply))
  },
  { name: 'spending', dependencies: ['store', 'config'], decorators: { fastify: ['keyRing'] } },
)

const megabyte = 1024 * 1024

/** A made key has its own; a key of `API_KEYS`, and who needs none, what the configuration says. */
function limitsOf({ config, keyRing }: FastifyInstance, owner: string): OwnerLimits {
  const made = keyRing.of(owner)
  const { storedMb, ...limits } = made === null ? configured(config, owner) : { ...made.limits, priority: made.priority }
  const storedBytes = storedMb === undefined ? config.storedBytes : storedMb * megabyte
  return { ...limits, ...(storedBytes !== undefined && { storedBytes }) }
}

function configured({ limits }: Config, owner: string): KeyLimits {
  const own = Object.hasOwn(limits.keys, owner) ? limits.keys[owner]! : limits.default
  return {
    ...(own.requests_per_minute !== undefined && { requestsPerMinute: own.requests_per_minute }),
    ...(own.tokens_per_minute !== undefined && { tokensPerMinute: own.tokens_per_minute }),
    ...(own.running !== undefined && { running: own.running }),
    ...(own.usd_per_day !== undefined && { usdPerDay: own.usd_per_day }),
    ...(own.usd_per_month !== undefined && { usdPerMonth: own.usd_per_month }),
    ...(own.stored_mb !== undefined && { storedMb: own.stored_mb }),
    ...(own.streams !== undefined && { streams: own.streams }),
  }
}
