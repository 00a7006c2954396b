/** `GET /`: a page that shows the server at work. It holds nothing itself; what it shows it asks for, with the user's key. */
import type { FastifyPluginAsync } from 'fastify'
import { readDashboard } from '../src/dashboard.js'

const dashboardRoute: FastifyPluginAsync = async (app) => {
  const { html, policy } = readDashboard()
  app.get(
    '/',
    {
      config: { public: true, produces: { type: 'text/html', description: 'A page for people' } },
      schema: { summary: 'Dashboard', tags: ['health'] },
    },
    async (_request, reply) => {
      reply.headers({
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      })
      return reply.type('text/html; charset=utf-8').send(html)
    },
  )
}

export default dashboardRoute
