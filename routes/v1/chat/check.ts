/** `POST /v1/chat/completions/check`: what would become of a request, before it is made. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { z } from 'zod'
import { checkRequest } from '../../../src/openai/in/check-request.js'
import { connectionClosed } from '../../../src/http/client-gone.js'
import { requestCheckSchema } from '../../../src/openai/out/response-schemas.js'

const checkRoutes: FastifyPluginAsyncZod = async (app) => {
  app.post(
    '/completions/check',
    {
      schema: {
        summary: 'Check a chat completion request',
        description: 'Takes what `POST /v1/chat/completions` takes, runs nothing, and says what would be honoured, ignored or refused.',
        tags: ['chat'],
        body: z.unknown(),
        response: { 200: requestCheckSchema },
      },
    },
    async (request, reply) =>
      checkRequest(request.body, app.settingsOf(request.owner), (pending) =>
        app.compiler.compile(pending, { owner: request.owner, signal: connectionClosed(reply) }),
      ),
  )
}

export default checkRoutes
