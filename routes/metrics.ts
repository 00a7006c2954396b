/** `GET /metrics`, for Prometheus. With `API_KEYS` it needs one of them, as it tells of all owners' work; with `ADMIN_KEY` that one alone. */
import type { FastifyPluginAsync } from 'fastify'

const metricsRoute: FastifyPluginAsync = async (app) => {
  app.get(
    '/metrics',
    {
      config: {
        ...(app.config.adminKey === undefined ? {} : { admin: 'only' as const }),
        produces: { type: 'text/plain', description: "Prometheus' text format" },
      },
      schema: { summary: 'Metrics', tags: ['health'] },
    },
    async (_request, reply) => {
      const { register } = app.metrics
      await app.jobs.counted()
      return reply
        .header('cache-control', 'no-store')
        .type(register.contentType)
        .send(await register.metrics())
    },
  )
}

export default metricsRoute
