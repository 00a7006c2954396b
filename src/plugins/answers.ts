/** What clients may hold up by not taking their answers: streams, memory, and connections whose answer is not taken at all. */
import fp from 'fastify-plugin'
import type { HttpLimits } from '../http/limits.js'
import { OpenStreams } from '../http/open-streams.js'
import { Unsent } from '../http/unsent.js'

declare module 'fastify' {
  interface FastifyInstance {
    streams: OpenStreams
    unsent: Unsent
  }
}

export default fp(
  async (app, { limits }: { limits: HttpLimits }) => {
    const { config, timing } = app
    app.decorate('streams', new OpenStreams((owner) => app.quotas.limitsOf(owner).streams ?? config.maxStreams))
    app.decorate('unsent', new Unsent(limits))
    app.addHook('onSend', async ({ owner }, { raw }, payload) => {
      if (typeof payload === 'string') app.unsent.hold(owner, Buffer.byteLength(payload), raw)
      else if (Buffer.isBuffer(payload)) app.unsent.hold(owner, payload.length, raw)
      // Node takes a write that goes on for activity, and closes the connection where there is none
      raw.socket?.setTimeout(timing.stallMs)
    })
  },
  { name: 'answers', dependencies: ['auth'], decorators: { fastify: ['config', 'timing'] } },
)
