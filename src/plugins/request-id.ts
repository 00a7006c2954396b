/** `x-request-id` on every response; a client's own is taken over where it is short and plain. */
import type { IncomingMessage } from 'node:http'
import { randomUUID } from 'node:crypto'
import fp from 'fastify-plugin'

export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  if (typeof given === 'string' && /^[\w=-]{1,255}$/.test(given)) return given
  return newRequestId()
}

export function newRequestId(): string {
  // random bytes of its own would be a call of the system for each request: the generator of UUIDs keeps some in store
  return `req_${randomUUID().replaceAll('-', '').slice(0, 24)}`
}

export default fp(
  async (app) => {
    app.addHook('onRequest', async (request, reply) => {
      reply.header('x-request-id', request.id)
    })
  },
  { name: 'request-id' },
)
