/** Requests of Azure's clients: the deployment in the path is the model. */
import fp from 'fastify-plugin'
import { deploymentOf } from '../http/deployments.js'

export default fp(
  async (app) => {
    // before the body is checked
    app.addHook('preValidation', async ({ raw, body }) => {
      const model = deploymentOf(raw)
      if (model !== undefined && typeof body === 'object' && body !== null && !Array.isArray(body)) Object.assign(body, { model })
    })
  },
  { name: 'azure' },
)
