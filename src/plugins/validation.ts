/** Requests are checked by their zod schemas; answers are written as they are (tests hold them against theirs). */
import fp from 'fastify-plugin'
import { z } from 'zod'
import { validate } from '../errors/request-error.js'
import { metaschemaProblem } from '../schema/metaschema.js'
import { isResponsesBody } from '../http/chat-body.js'
import { responseRequestSchema } from '../openai/responses/request.js'
import { chatRequestSchema } from '../openai/in/chat-request.js'
import { validateChat } from '../openai/in/validate-chat.js'
import { isLarge, validateLarge } from '../openai/in/validate-large.js'

export default fp(
  async (app) => {
    /** bodies that have been checked before Fastify asks for it, which waits for nothing */
    const checked = new WeakSet<object>()
    app.addHook('preValidation', async (request) => {
      const schema = request.routeOptions.schema?.body
      const { body } = request
      if (!(schema instanceof z.ZodObject)) return
      // whose rules a chat request is under depends on its model
      if (schema !== chatRequestSchema && !isLarge(body)) return
      const { value, error } = await (schema !== chatRequestSchema
        ? validateLarge(schema, body)
        : isResponsesBody(body)
          ? validateLarge(responseRequestSchema, body)
          : validateChat(body, app.config))
      if (error !== undefined) throw error
      checked.add(value)
      request.body = value
    })
    // Ajv takes longer to compile the metaschemas than a request may hold the event loop
    app.addHook('onReady', async () => {
      for (const older of [false, true]) metaschemaProblem({}, older)
    })
    app.setValidatorCompiler<z.ZodType>(
      ({ schema }) =>
        (value: unknown) =>
          typeof value === 'object' && value !== null && checked.has(value) ? { value } : validate(schema, value),
    )
    app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  },
  { name: 'validation', decorators: { fastify: ['config'] } },
)
