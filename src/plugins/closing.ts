/** Lets go of connections when the server ends; it is registered after the jobs, whose ends are on the way by then. */
import fp from 'fastify-plugin'

/** For what is written already to reach its reader. */
const lingerMs = 1000

export default fp(
  async (app) => {
    app.addHook('preClose', async () => {
      const timer = setTimeout(() => app.server.closeAllConnections(), lingerMs)
      app.server.once('close', () => clearTimeout(timer))
    })
  },
  { name: 'closing', dependencies: ['bridge'] },
)
