import { z } from 'zod'
import { readJson } from '../read/json.js'
import { maxSchemaCharacters } from '../../schema/compile.js'
import { schemaError } from '../../schema/words.js'
import { atMost } from '../text.js'
import { validatorOfSchema } from '../thread/compile.js'
import { passed, resultOf } from '../check-result.js'
import { validator } from '../validator.js'

const jsonSchema = z.record(z.string(), z.unknown()).superRefine((schema, context) => {
  try {
    const size = JSON.stringify(schema).length
    if (size > maxSchemaCharacters) throw new Error(`it has ${size} characters, more than ${maxSchemaCharacters}`)
  } catch (error) {
    context.addIssue({ code: 'custom', message: wrong(error instanceof RangeError ? 'it is nested too deeply' : (error as Error).message) })
  }
})

const wrong = (why: string) => `it is no JSON Schema that can be used (${why.slice(0, 300)})`

/** The answer is JSON that fits a JSON Schema. */
export const schema = validator({
  type: 'schema',
  aliases: { json_schema: {} },
  renames: { json_schema: 'schema' },
  params: z.strictObject({ schema: jsonSchema.describe('draft-06, draft-07, 2019-09 or 2020-12') }),
  sources: ({ schema }) => [{ param: 'schema', source: { what: 'schema', schema }, wrong }],
  check({ content }, { schema }) {
    const read = readJson(content)
    if (!read.ok) return resultOf([read.error])
    const validate = validatorOfSchema(schema)
    if (validate(read.value)) return passed
    return resultOf(atMost((validate.errors ?? []).map(schemaError)))
  },
})
