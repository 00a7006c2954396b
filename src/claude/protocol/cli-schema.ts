/**
 * The CLI's copy of a JSON Schema. It checks with Ajv for draft-07 in strict mode, and silently drops a schema that has a keyword
 * Ajv does not know there (CLI protocol, section 6). Those are left out; the whole schema is checked again at the end.
 */
import { mended } from '../../schema/mend.js'
import { isUnicode } from '../../schema/pattern.js'

type Schema = Record<string, unknown>

/** Members that hold a schema, a list of them, or a map of them. */
const single = ['not', 'if', 'then', 'else', 'additionalProperties', 'additionalItems', 'contains', 'propertyNames']
const list = ['allOf', 'anyOf', 'oneOf']
const map = ['properties', 'patternProperties', 'definitions', '$defs']
const plain = [
  ...['$id', '$ref', '$comment', 'type', 'enum', 'const', 'format', 'pattern', 'required', 'nullable'],
  ...['multipleOf', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum', 'maxLength', 'minLength'],
  ...['maxItems', 'minItems', 'uniqueItems', 'maxProperties', 'minProperties'],
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
]

export function cliSchema(schema: Schema): Schema {
  return known(mended(schema))
}

function known(schema: Schema): Schema {
  const result: Schema = {}
  for (const [keyword, value] of Object.entries(schema)) {
    // a pattern that the CLI could not compile is run here, at the end
    if (keyword === 'pattern' && !(typeof value === 'string' && isUnicode(value))) continue
    if (plain.includes(keyword)) result[keyword] = value
    else if (single.includes(keyword)) result[keyword] = copy(value)
    else if (list.includes(keyword) && Array.isArray(value)) result[keyword] = value.map(copy)
    else if (keyword === 'items') result[keyword] = Array.isArray(value) ? value.map(copy) : copy(value)
    else if (map.includes(keyword) && isObject(value)) {
      const members = Object.entries(value).filter(([name]) => keyword !== 'patternProperties' || isUnicode(name))
      result[keyword] = Object.fromEntries(members.map(([name, member]) => [name, copy(member)]))
    }
  }
  return result
}

function copy(value: unknown): unknown {
  return isObject(value) ? known(value) : value
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
