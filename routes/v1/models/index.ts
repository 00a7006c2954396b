/** `GET /v1/models[/:id]`: what can be asked for. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { z } from 'zod'
import { findModel, listModels } from '../../../src/openai/out/models.js'
import { modelNotFound, requireModel } from '../../../src/request/model-names.js'
import { errorSchema, modelListSchema, modelSchema } from '../../../src/openai/out/response-schemas.js'

const modelRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get('', { schema: { summary: 'List models', tags: ['models'], response: { 200: modelListSchema } } }, async ({ owner }) => ({
    object: 'list' as const,
    data: listModels(app.settingsOf(owner)),
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
      const settings = app.settingsOf(request.owner)
      const model = findModel(id, settings)
      if (model !== null) return model
      requireModel(id, settings.allowedModels)
      throw modelNotFound(id, settings.upstreams, settings.aliases)
    },
  )
}

export default modelRoutes
