/** The threads in which schemas of requests are compiled and answers are checked. */
import fp from 'fastify-plugin'
import { Compiler } from '../intake/compiler.js'
import { type CheckThreads, openCheckThreads } from '../validation/thread/check-threads.js'

declare module 'fastify' {
  interface FastifyInstance {
    threads: CheckThreads
    /** compiles what requests bring */
    compiler: Compiler
  }
}

export default fp(
  async (app) => {
    const threads = openCheckThreads()
    app.decorate('threads', threads)
    app.decorate('compiler', new Compiler((source, by) => threads.run('compile', { source }, by)))
  },
  { name: 'checks' },
)
