/** Requests are checked by their zod schemas; answers are written as they are (tests hold them against theirs). */
import fp from 'fastify-plugin'
import { z } from 'zod'
import { validate } from '../errors/request-error.js'
import { metaschemaProblem } from '../schema/metaschema.js'
import { isLarge, validateLarge } from '../openai/in/validate-large.js'

export default fp(
  async (app) => {
    /** bodies that have been checked before Fastify asks for it, which waits for nothing */
    const checked = new WeakSet<object>()
    app.addHook('preValidation', async (request) => {
      const schema = request.routeOptions.schema?.body
      if (!(schema instanceof z.ZodObject) || !isLarge(request.body)) return
      const { value, error } = await validateLarge(schema, request.body)
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
  { name: 'validation' },
)
