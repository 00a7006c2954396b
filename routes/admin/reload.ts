/** `POST /admin/reload`: reads the configuration again, without another start. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { z } from 'zod'
import { ConfigError } from '../../src/config.js'
import { BridgeError } from '../../src/errors/catalogue.js'
import { errorSchema } from '../../src/openai/out/response-schemas.js'

const reloadSchema = z.object({
  object: z.literal('reload'),
  changed: z.array(z.string()).describe('what is other than before, and takes effect'),
  needs_restart: z.array(z.string()).describe('what is set otherwise than the server was started with, and stays as it is'),
})

const reloadRoute: FastifyPluginAsyncZod = async (app) => {
  app.post(
    '/reload',
    {
      config: { admin: 'only' },
      schema: {
        summary: 'Read the configuration again',
        description: 'The file of CONFIG and the files that it and the environment name. A bad one is refused, and changes nothing.',
        tags: ['admin'],
        response: { 200: reloadSchema, '4xx': errorSchema },
      },
    },
    async () => {
      try {
        const { changed, needsRestart } = app.reload()
        return { object: 'reload' as const, changed, needs_restart: needsRestart }
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        throw new BridgeError('invalid_configuration', `${error.message} (nothing has changed)`)
      }
    },
  )
}

export default reloadRoute
