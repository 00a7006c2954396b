/** What `/metrics` shows: a registry of this server's own, filled by requests as they end, by jobs, and by a look around when asked. */
import fp from 'fastify-plugin'
import { Registry, collectDefaultMetrics } from 'prom-client'
import { oddLineCounts } from '../claude/process/odd-lines.js'
import { liveProcessCount, startedProcessCount } from '../claude/process/process.js'
import type { JobObserver } from '../jobs/observer.js'
import { jobMetrics } from '../metrics/jobs.js'
import { clientClosed, requestMetrics } from '../metrics/requests.js'
import { stateMetrics } from '../metrics/state.js'

declare module 'fastify' {
  interface FastifyInstance {
    metrics: { register: Registry; jobs: JobObserver }
  }
}

export default fp(
  async (app) => {
    const register = new Registry()
    // its own every 10 ms would be more than half of what an idle server does
    collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 100 })
    const count = requestMetrics(register)
    // asked only when the metrics are read, long after the jobs are there
    stateMetrics(register, () => {
      const { ready, starting, parked } = app.pool.stats
      return {
        ...app.jobs.stats(),
        limits: app.subscription.limits,
        warm: { ready, starting, parked },
        processes: { live: liveProcessCount(), started: startedProcessCount() },
        oddLines: oddLineCounts(),
      }
    })
    app.decorate('metrics', { register, jobs: jobMetrics(register) })
    app.addHook('onRequest', async (request, { raw }) => {
      // comes for every answer, also for one that was taken out of Fastify's hands or whose client had left
      raw.once('close', () => {
        const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none')
        count(request.method, route, raw.writableFinished ? raw.statusCode : clientClosed)
      })
    })
  },
  { name: 'metrics' },
)
