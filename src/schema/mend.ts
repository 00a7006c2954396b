/** Schemas as generators write them -> schemas that Ajv takes and that mean the same. Nothing else is changed. */
import { holding } from './holding.js'

type Schema = Record<string, unknown>

/**
 * OpenAPI's `nullable` where there is no `type` becomes a choice; draft-04's exclusive limits become those of later drafts; the `id` of draft-04 and
 * an empty `enum` say nothing of a value and are left out. `schema`: no deeper than `size.ts` allows.
 */
export function mended(schema: Schema): Schema {
  const result: Schema = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'id' && typeof value === 'string') continue
    if (keyword === 'enum' && Array.isArray(value) && value.length === 0) continue
    result[keyword] = mendedMember(keyword, value)
  }
  for (const [exclusive, limit] of exclusives) if (typeof schema[exclusive] === 'boolean') setExclusive(result, exclusive, limit)
  if (typeof result['nullable'] !== 'boolean' || result['type'] !== undefined) return result
  const { nullable, ...rest } = result
  return nullable ? orNull(rest) : rest
}

/** The keywords that may refuse null. All others speak of one other type, and stay where pointers of references find what they hold. */
const aboutNull = new Set(['enum', 'const', 'not', 'allOf', 'anyOf', 'oneOf', '$ref', '$dynamicRef', 'if', 'then', 'else'])

function orNull(schema: Schema): Schema {
  const refusing = Object.entries(schema).filter(([keyword]) => aboutNull.has(keyword))
  if (refusing.length === 0) return schema
  const rest = Object.entries(schema).filter(([keyword]) => !aboutNull.has(keyword))
  return { ...Object.fromEntries(rest), anyOf: [Object.fromEntries(refusing), { type: 'null' }] }
}

const exclusives = [
  ['exclusiveMinimum', 'minimum'],
  ['exclusiveMaximum', 'maximum'],
] as const

/** In draft-04 a boolean says what the limit beside it means; later the limit itself has the name. */
function setExclusive(result: Schema, exclusive: string, limit: string): void {
  const isExclusive = result[exclusive] === true && typeof result[limit] === 'number'
  if (!isExclusive) delete result[exclusive]
  else {
    result[exclusive] = result[limit]
    delete result[limit]
  }
}

function mendedMember(keyword: string, value: unknown): unknown {
  const holds = keyword === '$defs' || keyword === 'definitions' ? 'map' : holding.get(keyword)
  if (holds === undefined) return value
  if (Array.isArray(value)) return holds === 'map' ? value : value.map(copy)
  if (holds !== 'map' || !isSchema(value)) return copy(value)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copy(member)]))
}

function copy(value: unknown): unknown {
  return isSchema(value) ? mended(value) : value
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
