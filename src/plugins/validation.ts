/** Requests are checked by their zod schemas; answers are written as they are (tests hold them against theirs). */
import fp from 'fastify-plugin'
import type { z } from 'zod'
import { validate } from '../errors/request-error.js'

export default fp(async (app) => {
  app.setValidatorCompiler<z.ZodType>(
    ({ schema }) =>
      (value) =>
        validate(schema, value),
  )
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
})
