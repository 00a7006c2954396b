import type { OutputSchema } from './conversation.js'
import { compile, describe } from './json-schema.js'

/** A schema that has been accepted -> what is wrong with a value, or null. Compiled when it is first needed. */
export function outputCheck(schema: OutputSchema['schema']): (value: unknown) => string | null {
  return (value) => {
    const validate = compile(schema)
    return validate(value) ? null : describe(validate.errors)
  }
}
