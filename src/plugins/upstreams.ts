/** The providers of other models. */
import fp from 'fastify-plugin'
import { Limiter, type LimiterOptions } from '../limiter.js'
import { LeasedLimiter } from '../replicas/leased-limiter.js'
import { UpstreamExecutor } from '../upstreams/executor.js'

declare module 'fastify' {
  interface FastifyInstance {
    upstreams: UpstreamExecutor
  }
}

export default fp(
  async (app, { env }: { env: NodeJS.ProcessEnv }) => {
    const { redis } = app
    // a provider's bound is the provider's own, however many servers ask it
    const limiterOf = (name: string, options: LimiterOptions) =>
      redis === null ? new Limiter(options) : new LeasedLimiter({ ...options, connection: redis, name: `provider/${name}` })
    const upstreams = new UpstreamExecutor(app.config.upstreams, env, (owner) => app.quotas.limitsOf(owner).priority ?? 1, limiterOf)
    const warn = () => {
      for (const { name, problem } of upstreams.health) {
        if (problem !== null) app.log.warn(`the provider ${name} cannot be asked: ${problem}`)
      }
    }
    warn()
    app.liveConfig.onChange((now, before) => {
      if (JSON.stringify(now.upstreams) === JSON.stringify(before.upstreams)) return
      upstreams.replace(now.upstreams)
      warn()
    })
    app.decorate('upstreams', upstreams)
  },
  { name: 'upstreams', dependencies: ['store'], decorators: { fastify: ['config'] } },
)
