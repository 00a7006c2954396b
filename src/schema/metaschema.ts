/**
 * Whether a value is a JSON Schema at all, by the drafts' own metaschemas. Nothing of the value is compiled: one Ajv instance has
 * compiled the metaschemas, and looks at each member of a schema a bounded number of times.
 */
import { createRequire } from 'node:module'
import { Ajv, type ValidateFunction } from 'ajv'

const require = createRequire(import.meta.url)

interface Vocabulary {
  type: string[]
  properties: object
  $defs?: object
}

let ajv: Ajv | undefined
const compiled = new Map<boolean, ValidateFunction>()

/** What is wrong with a schema, in the words of Ajv, or null. `older`: by draft-07, else by 2020-12. */
export function metaschemaProblem(schema: object, older: boolean): string | null {
  const validate = compiled.get(older) ?? compile(older)
  return validate(schema) ? null : `schema is invalid: ${ajv!.errorsText(validate.errors)}`
}

function compile(older: boolean): ValidateFunction {
  // as where Ajv compiles a schema: formats and patterns of the metaschema are not looked at
  ajv ??= new Ajv({ strict: false, logger: false, validateFormats: false, code: { regExp: anything } })
  const validate = older ? ajv.getSchema('http://json-schema.org/draft-07/schema')! : ajv.compile(flat())
  compiled.set(older, validate)
  return validate
}

const anything = Object.assign(() => ({ test: () => true }), { code: '() => ({ test: () => true })' })

/**
 * The metaschema of 2020-12 as one schema. The standard has it in seven vocabularies that refer to each other dynamically, which
 * takes Ajv five times as long.
 */
function flat(): object {
  const folder = 'ajv/dist/refs/json-schema-2020-12'
  const parts = ['core', 'applicator', 'unevaluated', 'validation', 'meta-data', 'format-annotation', 'content']
  const whole = require(`${folder}/schema.json`) as Vocabulary
  // in the order in which the standard's own is gone through, so that the first problem is the same
  const all = [...parts.map((part) => require(`${folder}/meta/${part}.json`) as Vocabulary), whole]
  const properties = Object.assign({}, ...all.map((vocabulary) => vocabulary.properties)) as object
  const $defs = Object.assign({}, ...all.map((vocabulary) => vocabulary.$defs ?? {})) as object
  const text = JSON.stringify({ type: whole.type, properties, $defs })
  return JSON.parse(text.replaceAll('"$dynamicRef":"#meta"', '"$ref":"#"').replace(/"meta\/[a-z-]+#/g, '"#')) as object
}
