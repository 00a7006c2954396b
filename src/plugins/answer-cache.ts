/** One cache of answers for the server, whatever address a request comes to. */
import fp from 'fastify-plugin'
import { AnswerCache } from '../http/answer-cache.js'

declare module 'fastify' {
  interface FastifyInstance {
    answerCache: AnswerCache
  }
}

export default fp(
  async (app) => {
    const cache = new AnswerCache(app.config.answerCacheS)
    app.decorate('answerCache', cache)
    // a name may mean another model now
    app.liveConfig.onChange(() => cache.clear())
  },
  { name: 'answer-cache', dependencies: ['jobs'], decorators: { fastify: ['config'] } },
)
