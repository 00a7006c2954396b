/** `/tasks/:id/files/*`: what a job has left. */
import type { FastifyPluginAsyncZod } from '@fastify/type-provider-zod'
import { z } from 'zod'
import { BridgeError } from '../../../src/errors/catalogue.js'
import { mediaTypeOf } from '../../../src/tasks/left-files.js'
import { errorSchema } from '../../../src/openai/out/response-schemas.js'

const fileRoutes: FastifyPluginAsyncZod = async (app) => {
  app.get(
    '/:id/files/*',
    {
      config: { wildcard: 'path' },
      schema: {
        summary: 'Read a file that a task has left',
        tags: ['tasks'],
        params: z.object({ id: z.string().max(200), '*': z.string() }),
        response: { 200: z.any().describe('the file'), '4xx': errorSchema },
      },
    },
    async (request, reply) => {
      const { id, '*': file } = request.params
      const job = await app.jobs.get(id, request.owner)
      if (job === null) throw new BridgeError('task_not_found', `There is no task \`${id.slice(0, 80)}\`.`)
      // only what the task lists, whatever else there may be
      const listed = job.answer?.files?.some(({ path }) => path === file) === true
      const found = listed ? await app.files.open(job.id, file) : null
      if (found === null) throw new BridgeError('file_not_found', `The task has left no file \`${file.slice(0, 80)}\`.`)
      return (
        reply
          .header('content-type', mediaTypeOf(file))
          .header('content-length', found.bytes)
          .header('content-disposition', `attachment; filename*=UTF-8''${encodeName(file)}`)
          // a file that a model has written must not act as a page of this server
          .header('x-content-type-options', 'nosniff')
          .header('content-security-policy', "sandbox; default-src 'none'")
          .header('cache-control', 'private')
          .send(found.content)
      )
    },
  )
}

/** The last step of a path, as RFC 8187 writes it. */
function encodeName(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1)
  return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

export const prefixOverride = '/tasks'
export default fileRoutes
