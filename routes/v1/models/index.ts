/** `GET /v1/models[/:id]`: what can be asked for. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { z } from 'zod'
import { findModel, listModels } from '../../../src/openai/out/models.js'
import { modelNotFound } from '../../../src/request/model-names.js'
import { errorSchema, modelListSchema, modelSchema } from '../../../src/openai/out/response-schemas.js'

const modelRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get('', { schema: { summary: 'List models', tags: ['models'], response: { 200: modelListSchema } } }, async () => ({
    object: 'list' as const,
    data: listModels(app.config),
  }))

  // names such as `max/text-general` have a slash of their own
  app.get(
    '/*',
    {
      config: { wildcard: 'id' },
      schema: {
        summary: 'Retrieve a model',
        tags: ['models'],
        params: z.object({ '*': z.string() }),
        response: { 200: modelSchema, 404: errorSchema },
      },
    },
    async (request) => {
      const id = request.params['*']
      const model = findModel(id, app.config)
      if (model === null) throw modelNotFound(id, app.config.upstreams, app.config.aliases)
      return model
    },
  )
}

export default modelRoutes
