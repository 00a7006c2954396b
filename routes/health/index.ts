/** `/health` (is the process alive, and how is it) and `/health/ready` (may it be sent work). Neither starts a process. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'

import { z } from 'zod'
import { health, healthSchema, openHealth, openHealthSchema, readiness, readySchema, withoutDetails } from '../../src/health.js'

const healthRoutes: FastifyPluginAsyncZod = async (app) => {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })

  app.get(
    '',
    {
      config: { public: 'in part' },
      schema: {
        summary: 'Health',
        description: 'Where there are keys and none is brought: status, version and checks only.',
        tags: ['health'],
        response: { 200: z.union([healthSchema, openHealthSchema]) },
      },
    },
    async ({ letIn, owner }) => (letIn ? health(app, owner) : openHealth(app)),
  )

  app.get(
    '/ready',
    {
      config: { public: 'in part' },
      schema: {
        summary: 'Readiness',
        description: '200 where this server can be sent work: Claude or another provider can be asked, and there is room. Else 503.',
        tags: ['health'],
        response: { 200: readySchema, 503: readySchema },
      },
    },
    async ({ letIn }, reply) => {
      const checks = await readiness(app)
      return reply.code(checks.ready ? 200 : 503).send(letIn ? checks : withoutDetails(checks))
    },
  )
}

export default healthRoutes
