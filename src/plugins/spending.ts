/** What models cost, and what owners may use. */
import fp from 'fastify-plugin'
import { type OwnerLimits, Quotas } from '../quotas/quotas.js'
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
    const everybody: OwnerLimits = { ...(config.storedBytes !== undefined && { storedBytes: config.storedBytes }) }
    const quotas = new Quotas(() => everybody)
    await quotas.load((query) => store.usage(query))
    app.decorate('prices', prices)
    app.liveConfig.onChange((now) => prices.replace(now.prices))
    app.decorate('quotas', quotas)
    app.addHook('preHandler', async ({ owner, letIn, method }, reply) => {
      if (letIn) reply.headers(quotas.headers(owner, method === 'POST'))
    })
  },
  { name: 'spending', dependencies: ['store'] },
)
