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
    app.decorate('answerCache', new AnswerCache(app.config.answerCacheS))
  },
  { name: 'answer-cache', dependencies: ['jobs'], decorators: { fastify: ['config'] } },
)
