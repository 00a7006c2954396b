/** What models cost. */
import fp from 'fastify-plugin'
import { Prices } from '../spending/prices.js'

declare module 'fastify' {
  interface FastifyInstance {
    prices: Prices
  }
}

export default fp(
  async (app) => {
    const prices = new Prices(new Map(), (model) => app.log.warn({ model }, 'a model has no price: it counts as the dearest'))
    app.decorate('prices', prices)
  },
  { name: 'spending' },
)
