/** The HTTP client for URLs that strangers name. */
import fp from 'fastify-plugin'
import { type NetOptions, type PublicAgent, createPublicAgent } from '../net/public-agent.js'

declare module 'fastify' {
  interface FastifyInstance {
    publicAgent: PublicAgent
  }
}

export default fp(
  async (app, options: NetOptions) => {
    const agent = createPublicAgent(options)
    app.decorate('publicAgent', agent)
    // before the server waits for its connections: they may wait for an answer from outside
    app.addHook('preClose', () => agent.destroy())
  },
  { name: 'net' },
)
