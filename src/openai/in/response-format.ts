/** `response_format` -> what the answer has to satisfy. */
import { z } from 'zod'
import { BridgeError } from '../../errors/catalogue.js'
import type { OutputSchema } from '../../request/conversation.js'
import type { Ignored } from '../../request/ignored.js'
import { rootChoices } from '../../schema/flat-root.js'
import { type JsonSchema, schemaProblem } from '../../schema/json-schema.js'
import type { PendingSource } from '../../request/pending-source.js'

const schemaName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'letters, digits, _ and - only, 1 to 64 of them')

const members = {
  description: z.string().nullish(),
  schema: z.looseObject({}).nullish(),
  strict: z.boolean().nullish(),
}

export const responseFormatSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object'), schema: z.looseObject({}).nullish().describe('as of `json_schema`') }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({ name: schemaName.nullish(), ...members }).nullish(),
    // the Responses API's form of the same
    ...{ name: schemaName.nullish(), ...members },
  }),
])

export type ResponseFormat = z.infer<typeof responseFormatSchema>

const read = ['name', 'description', 'schema', 'strict']

/** Of the schema's JSON: it is compiled here, and again by the CLI. */
const maxCharacters = 256 * 1024

/** Null where any text will do. Throws 400 `invalid_json_schema` with `param`; the schema has to be compiled as well (`pending`). */
export function toOutput(format: ResponseFormat, ignored: Ignored, pending: PendingSource[]): OutputSchema | null {
  if (format.type === 'text') return null
  if (format.type === 'json_object') {
    if (format.schema == null) return { name: 'json_object', schema: { type: 'object' } }
    return { name: 'json_object', schema: toObjectSchema(format.schema, 'json_object', 'response_format.schema', pending) }
  }
  const inner = format.json_schema
  const param = inner == null ? 'response_format' : 'response_format.json_schema'
  const { name: ownName, description: ownDescription, schema: ownSchema, strict } = format
  const flat = { name: ownName, description: ownDescription, schema: ownSchema, strict }
  if (inner == null && flat.schema == null) {
    const missing = 'response_format.json_schema'
    throw new BridgeError('missing_required_parameter', `Missing required parameter: '${missing}'.`, { param: missing })
  }
  // an answer always satisfies its schema here, as if it were strict
  const asked = inner ?? flat
  for (const [member, value] of Object.entries(asked)) {
    if (value != null && !read.includes(member)) ignored.add(`${param}.${member}`)
  }
  const { description, schema } = asked
  const name = asked.name ?? 'json_schema'
  const whole = toObjectSchema(schema ?? {}, name, `${param}.schema`, pending)
  // the model is told the name as a title, where the schema has none
  if (asked.name != null && typeof whole['title'] === 'string' && whole['title'] !== asked.name) ignored.add(`${param}.name`)
  for (const keyword of rootChoices(whole)) ignored.add(`${param}.schema.${keyword}`)
  return { name, ...(description != null && { description }), schema: whole }
}

function toObjectSchema(asked: JsonSchema, name: string, param: string, pending: PendingSource[]): JsonSchema {
  const wrong = (why: string) => new BridgeError('invalid_json_schema', `Invalid schema for response_format '${name}': ${why}.`, { param })
  const schema = rooted(asked)
  const { type = schema['properties'] === undefined ? undefined : 'object' } = schema
  if (Object.keys(asked).length > 0 && type !== 'object') {
    const got = type === undefined ? 'none' : `'type: ${JSON.stringify(type)}'`
    throw wrong(`schema must be a JSON Schema of 'type: "object"', got ${got}`)
  }
  const whole = { ...schema, type: 'object' }
  const problem = schemaProblem(whole)
  if (problem !== null) throw wrong(problem)
  const size = JSON.stringify(whole).length
  if (size > maxCharacters) throw wrong(`it has ${size} characters, more than ${maxCharacters}`)
  pending.push({ source: { what: 'output', schema: whole }, refuse: wrong })
  return whole
}

/** Generators write the root as a reference to one of its own definitions. */
function rooted(schema: JsonSchema): JsonSchema {
  const match = /^#\/(\$defs|definitions)\/([^/~%]+)$/.exec(typeof schema['$ref'] === 'string' ? schema['$ref'] : '')
  if (match === null) return schema
  const definitions = schema[match[1]!] as JsonSchema | undefined
  const root = definitions !== undefined && Object.hasOwn(definitions, match[2]!) ? definitions[match[2]!] : undefined
  if (typeof root !== 'object' || root === null) return schema
  const { $ref, ...rest } = { ...schema, ...(root as JsonSchema) }
  // the definition may be a reference itself
  return $ref === schema['$ref'] ? rest : { ...rest, $ref }
}
