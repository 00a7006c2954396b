/**
 * What Ajv would refuse to compile although the metaschema has nothing against it: references that lead nowhere, patterns, and a few
 * keywords. Looked for in the schemas that are reached from the root, each of them once, in the words of Ajv and
 * with their place. `root` is mended already.
 */
import { holding } from './holding.js'
import { compilePattern } from './pattern.js'
import { resolveReference, rootName } from './references.js'

type Schema = Record<string, unknown>
/** characters of a place in a message */
const maxPlace = 120

/** Those that came after draft-07. */
const newer = new Set(['prefixItems', 'dependentSchemas', 'unevaluatedItems', 'unevaluatedProperties'])

/** `named`: schemas inside have names of their own, by which references may find them; then references are not looked at. */
export function reachableProblem(root: Schema, older: boolean, named: boolean): string | null {
  const seen = new Set<unknown>([root])
  const open: { schema: Schema; place: string }[] = [{ schema: root, place: '' }]
  const found = (value: unknown, place: string) => {
    if (!isObject(value) || seen.has(value)) return
    seen.add(value)
    // a place is for people: what is too long is cut
    open.push({ schema: value, place: place.length > maxPlace ? `…${place.slice(-maxPlace)}` : place })
  }
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { schema, place } = next
    const problem = keywordProblem(schema)
    const at = `(at ${place === '' ? 'the root' : place})`
    if (problem !== null) return `${problem} ${at}`
    if (typeof schema['$ref'] === 'string' && !named) {
      const target = resolveReference(root, schema['$ref'], older)
      if (target === undefined) return `can't resolve reference ${schema['$ref']} from id ${rootName(root) || '#'} ${at}`
      found(target, schema['$ref'])
    }
    for (const keyword in schema) {
      const holds = holding.get(keyword)
      if (holds === undefined || (older && newer.has(keyword))) continue
      if ((keyword === 'then' || keyword === 'else') && !Object.hasOwn(schema, 'if')) continue
      const value = schema[keyword]
      const below = place === '' ? keyword : `${place}/${keyword}`
      if (holds === 'one' || (holds === 'one or list' && !Array.isArray(value))) found(value, below)
      else if (holds !== 'map') (value as unknown[]).forEach((one, index) => found(one, `${below}/${index}`))
      else for (const name in value as Schema) found((value as Schema)[name], `${below}/${name}`)
    }
  }
  return named ? null : circleProblem(root, seen as Set<Schema>, older)
}

function keywordProblem(schema: Schema): string | null {
  const { nullable, pattern, patternProperties, $dynamicRef, $anchor, $dynamicAnchor } = schema
  if (Object.hasOwn(schema, 'id')) return 'NOT SUPPORTED: keyword "id", use "$id" for schema ID'
  if (typeof $dynamicRef === 'string' && !$dynamicRef.startsWith('#')) return '"$dynamicRef" only supports hash fragment reference'
  for (const anchor of [$anchor, $dynamicAnchor]) {
    if (typeof anchor === 'string' && !/^[a-z_][-a-z0-9._]*$/i.test(anchor)) return `invalid anchor "${anchor}"`
  }
  if (pattern !== undefined) {
    const problem = patternProblem(pattern as string)
    if (problem !== null) return problem
  }
  for (const name in patternProperties as Schema | undefined) {
    const problem = patternProblem(name)
    if (problem !== null) return problem
  }
  return nullable === undefined ? null : nullableProblem(schema)
}

/** OpenAPI's keyword, which Ajv knows. */
function nullableProblem({ type, nullable }: Schema): string | null {
  if (type === undefined || (Array.isArray(type) && type.length === 0)) return '"nullable" cannot be used without "type"'
  const mayBeNull = type === 'null' || (Array.isArray(type) && type.includes('null'))
  return mayBeNull && nullable === false ? 'type: null contradicts nullable: false' : null
}

/** Making a pattern finds what is wrong with it, in a time in proportion to its length; running it is what may take any time. */
function patternProblem(pattern: string): string | null {
  try {
    compilePattern(pattern)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** A reference that comes back to itself by references alone has no end. */
function circleProblem(root: Schema, schemas: ReadonlySet<Schema>, older: boolean): string | null {
  const ends = new Set<unknown>()
  for (const start of schemas) {
    const way = new Set<unknown>()
    let at: unknown = start
    while (isObject(at) && typeof at['$ref'] === 'string' && !ends.has(at)) {
      if (way.has(at)) return `the reference ${at['$ref']} leads to itself`
      way.add(at)
      at = resolveReference(root, at['$ref'], older)
    }
    for (const schema of way) ends.add(schema)
  }
  return null
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
