/** Schemas as generators write them -> schemas that Ajv takes and that mean the same. Nothing else is changed. */
import { holding } from './holding.js'

type Schema = Record<string, unknown>

/**
 * OpenAPI's `nullable` where there is no `type` becomes a choice; the `id` of draft-04 and an empty `enum` say nothing of a value and are
 * left out. `schema`: no deeper than `size.ts` allows.
 */
export function mended(schema: Schema): Schema {
  const result: Schema = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'id' && typeof value === 'string') continue
    if (keyword === 'enum' && Array.isArray(value) && value.length === 0) continue
    result[keyword] = mendedMember(keyword, value)
  }
  if (typeof result['nullable'] !== 'boolean' || result['type'] !== undefined) return result
  const { nullable, ...rest } = result
  return nullable ? { anyOf: [rest, { type: 'null' }] } : rest
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
