/** Tuples as drafts before 2020-12 write them -> as it does: the model's API takes no others. */
import { holding } from './holding.js'
import { withTargets } from './kept-targets.js'

type Schema = Record<string, unknown>

/** `schema`: no deeper than `size.ts` allows. One without such a tuple comes back as it is. */
export function withLaterTuples(schema: Schema): Schema {
  if (!/"items":\[/.test(JSON.stringify(schema))) return schema
  // a pointer may lead into a tuple
  return withTargets(later(schema), schema, { copy: later, isKnown: () => true })
}

function later(schema: Schema): Schema {
  const { items, additionalItems } = schema
  const result: Schema = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'items' && Array.isArray(value)) {
      // an empty one says nothing, and 2020-12 takes none
      if (value.length > 0) result['prefixItems'] = value.map(copy)
      if (additionalItems !== undefined) result['items'] = copy(additionalItems)
    } else if (keyword !== 'additionalItems' || !Array.isArray(items)) result[keyword] = member(keyword, value)
  }
  return result
}

function member(keyword: string, value: unknown): unknown {
  const holds = keyword === '$defs' || keyword === 'definitions' ? 'map' : holding.get(keyword)
  if (holds === undefined) return value
  if (Array.isArray(value)) return holds === 'map' ? value : value.map(copy)
  if (holds !== 'map' || !isSchema(value)) return copy(value)
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copy(one)]))
}

function copy(value: unknown): unknown {
  return isSchema(value) ? later(value) : value
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
