/** No answer has a header that cannot be sent: one would be a 500 without words. */
import fp from 'fastify-plugin'
import { safeHeaders } from '../http/header-value.js'

export default fp(
  async (app) => {
    app.addHook('onSend', async (_request, reply) => {
      reply.headers(safeHeaders(reply.getHeaders()))
    })
  },
  { name: 'headers' },
)
