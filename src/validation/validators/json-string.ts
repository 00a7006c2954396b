import { z } from 'zod'
import { readJson } from '../read/json.js'
import { resultOf } from '../check-result.js'
import { validator } from '../validator.js'

/** The whole answer is one JSON value. */
export const jsonString = validator({
  type: 'json_string',
  aliases: { json: {} },
  params: z.strictObject({
    allow_fence: z.boolean().default(true).describe('whether a Markdown fence round the whole answer is no error'),
  }),
  check({ content }, { allow_fence }) {
    const read = readJson(content, allow_fence)
    return resultOf(read.ok ? [] : [read.error])
  },
})
