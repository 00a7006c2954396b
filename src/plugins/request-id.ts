/** `x-request-id` on every response; a client's own is taken over where it is short and plain. */
import type { IncomingMessage } from 'node:http'
import { randomBytes } from 'node:crypto'
import fp from 'fastify-plugin'

export function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  if (typeof given === 'string' && /^[\w=-]{1,255}$/.test(given)) return given
  return newRequestId()
}

export function newRequestId(): string {
  return `req_${randomBytes(12).toString('hex')}`
}

export default fp(
  async (app) => {
    app.addHook('onRequest', async (request, reply) => {
      reply.header('x-request-id', request.id)
    })
  },
  { name: 'request-id' },
)
