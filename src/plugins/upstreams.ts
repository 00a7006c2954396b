/** The providers of other models. */
import fp from 'fastify-plugin'
import { UpstreamExecutor } from '../upstreams/executor.js'

declare module 'fastify' {
  interface FastifyInstance {
    upstreams: UpstreamExecutor
  }
}

export default fp(
  async (app, { env }: { env: NodeJS.ProcessEnv }) => {
    const upstreams = new UpstreamExecutor(app.config.upstreams, env, (owner) => app.quotas.limitsOf(owner).priority ?? 1)
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
  { name: 'upstreams', decorators: { fastify: ['config'] } },
)
