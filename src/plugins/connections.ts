/**
 * The connections of this server: how many, how long, and how they end.
 *
 * Fastify closes those that are idle when the server ends; a reader that takes nothing, a connection that was opened and never used, and
 * one whose stream ended just now would hold it up for a minute.
 */
import type { Server, Socket } from 'node:net'
import fp from 'fastify-plugin'
import { ConnectionRoom } from '../http/connection-room.js'
import { answerHalfClosed } from '../http/client-gone.js'
import { holdContinue } from '../http/expect.js'
import type { HttpLimits } from '../http/limits.js'
import { closeAfter, hasUnreadBody } from '../http/linger.js'

declare module 'fastify' {
  interface FastifyInstance {
    connectionRoom: ConnectionRoom
    limits: HttpLimits
    /** of further addresses; closed with the server */
    furtherListeners: Server[]
  }
}

export default fp(
  async (app, { limits }: { limits: HttpLimits }) => {
    const room = new ConnectionRoom(limits.connections)
    app.decorate('connectionRoom', room)
    app.decorate('limits', limits)
    app.server.on('connection', (socket: Socket) => room.enter(socket))
    holdContinue(app.server)
    answerHalfClosed(app.server)
    app.decorate('furtherListeners', [])
    app.addHook('preClose', async () => {
      for (const listener of app.furtherListeners) listener.close()
    })
    app.addHook('onSend', async ({ raw }, reply) => {
      if (hasUnreadBody(raw)) closeAfter(raw, reply.raw, limits)
    })
  },
  { name: 'connections' },
)
