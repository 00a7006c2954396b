/**
 * The connections of this server: how many, how long, and how they end.
 *
 * Fastify closes those that are idle when the server ends; a reader that takes nothing, a connection that was opened and never used, and
 * one whose stream ended just now would hold it up for a minute.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ConnectionRoom } from '../http/connection-room.js'
import { holdContinue } from '../http/expect.js'
import type { HttpLimits } from '../http/limits.js'
import { closeAfter, hasUnreadBody } from '../http/linger.js'

declare module 'fastify' {
  interface FastifyInstance {
    connectionRoom: ConnectionRoom
    limits: HttpLimits
  }
}

export default fp(
  async (app, { limits }: { limits: HttpLimits }) => {
    const room = new ConnectionRoom(limits.connections)
    app.decorate('connectionRoom', room)
    app.decorate('limits', limits)
    const prepare = (server: Server) => {
      server.on('connection', (socket: Socket) => room.enter(socket))
      holdContinue(server)
    }
    prepare(app.server)
    // the further addresses of `localhost`; with a listener for it, Node would leave a request to upgrade to nobody
    app.addHook('onListen', async () => {
      for (const server of furtherServers(app)) {
        prepare(server)
        server.removeAllListeners('upgrade')
      }
    })
    app.addHook('onSend', async ({ raw }, reply) => {
      if (hasUnreadBody(raw)) closeAfter(raw, reply.raw, limits)
    })
  },
  { name: 'connections' },
)

/** Fastify names them to nobody. */
function furtherServers(app: FastifyInstance): Server[] {
  const bindings = Object.getOwnPropertySymbols(app).find(({ description }) => description === 'fastify.serverBindings')
  return bindings === undefined ? [] : (app as unknown as Record<symbol, Server[]>)[bindings]!
}
