/** `/health` (is the process alive, and how is it) and `/health/ready` (may it be sent work). Neither starts a process. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'

import { health, healthSchema, readiness, readySchema } from '../../src/health.js'

const healthRoutes: FastifyPluginAsyncZod = async (app) => {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })

  app.get('', { config: { public: true }, schema: { summary: 'Health', tags: ['health'], response: { 200: healthSchema } } }, async () =>
    health(app.jobs, app.claude, app.pool, app.upstreams),
  )

  app.get(
    '/ready',
    {
      config: { public: true },
      schema: {
        summary: 'Readiness',
        description: '200 where this server can be sent work: Claude or another provider can be asked, and there is room. Else 503.',
        tags: ['health'],
        response: { 200: readySchema, 503: readySchema },
      },
    },
    async (_request, reply) => {
      const checks = await readiness(app.jobs, app.claude, app.upstreams)
      return reply.code(checks.ready ? 200 : 503).send(checks)
    },
  )
}

export default healthRoutes
