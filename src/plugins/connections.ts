/**
 * Lets go of connections when the server ends. Fastify closes those that are idle at that moment; a reader that takes
 * nothing, a connection that was opened and never used, and one whose stream ended just now would hold it up for a minute.
 */
import fp from 'fastify-plugin'

/** For what is written already to reach its reader. */
const lingerMs = 1000

export default fp(async (app) => {
  // registered after the jobs: their ends are on the way by now
  app.addHook('preClose', async () => {
    const timer = setTimeout(() => app.server.closeAllConnections(), lingerMs)
    app.server.once('close', () => clearTimeout(timer))
  })
})
