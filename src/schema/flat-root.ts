/**
 * A schema whose root is a choice (`anyOf`, `oneOf`, `allOf`), as the model's API takes it: the API refuses these three at the root of a tool's
 * schema. The CLI would merge the branches by itself and put a note of its own in place of the tool's description. Here the branches are merged
 * into one object, and what the merged schema does not say is told in words.
 */
import { withTargets } from './kept-targets.js'
import { resolveReference } from './references.js'

type Schema = Record<string, unknown>

const choices = ['allOf', 'anyOf', 'oneOf']
/** Branches that are looked into: references may name the same ones many times, or themselves. */
const maxBranches = 500

export interface FlatRoot {
  schema: Schema
  /** the choice, for the description of the tool; null: the root is no choice, and `schema` is as it was */
  rule: string | null
}

/** The keywords at the root of a schema that {@link flatRoot} takes away. */
export function rootChoices(schema: Schema): string[] {
  return choices.filter((keyword) => Object.hasOwn(schema, keyword))
}

export function flatRoot(schema: Schema): FlatRoot {
  const found = rootChoices(schema)
  if (found.length === 0) return { schema, rule: null }
  const merged = shapeOf(schema, schema, { left: maxBranches })
  const rest = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !found.includes(keyword)))
  const choice = Object.fromEntries(found.map((keyword) => [keyword, schema[keyword]]))
  const required = [...merged.required].filter((key) => merged.properties.has(key))
  const flat = {
    ...rest,
    type: 'object',
    properties: Object.fromEntries([...merged.properties].map(([key, options]) => [key, oneOf(options)])),
    ...((required.length > 0 || rest['required'] !== undefined) && { required }),
  }
  return {
    // a reference may lead into a branch
    schema: withTargets(flat, schema),
    rule: `Beside the schema, the object has to satisfy this JSON Schema: ${JSON.stringify(choice)}`,
  }
}

interface Shape {
  /** what is said of each property, in each branch */
  properties: Map<string, Set<unknown>>
  required: Set<string>
}

/** The properties of a schema and of all its branches, and those that each object has, whichever branch it takes. */
function shapeOf(root: Schema, schema: Schema, budget: { left: number }): Shape {
  const shape: Shape = { properties: new Map(), required: new Set(textsIn(schema['required'])) }
  for (const [key, value] of Object.entries(objectOf(schema['properties']) ?? {})) shape.properties.set(key, new Set([value]))
  // what stands beside the branches says more than they do
  const own = new Set(shape.properties.keys())
  if (--budget.left <= 0) return shape
  for (const keyword of choices) {
    const branches = branchesOf(root, schema[keyword]).map((branch) => shapeOf(root, branch, budget))
    for (const branch of branches) {
      for (const [key, options] of branch.properties) {
        if (!own.has(key)) shape.properties.set(key, new Set([...(shape.properties.get(key) ?? []), ...options]))
      }
      if (keyword === 'allOf') for (const key of branch.required) shape.required.add(key)
    }
    if (keyword === 'allOf') continue
    for (const key of branches[0]?.required ?? []) {
      if (branches.every(({ required }) => required.has(key))) shape.required.add(key)
    }
  }
  const target = refOf(root, schema)
  if (target === null) return shape
  const behind = shapeOf(root, target, budget)
  for (const [key, options] of behind.properties) if (!shape.properties.has(key)) shape.properties.set(key, options)
  for (const key of behind.required) shape.required.add(key)
  return shape
}

function branchesOf(root: Schema, value: unknown): Schema[] {
  if (!Array.isArray(value)) return []
  return value.map(objectOf).filter((branch): branch is Schema => branch !== null && branch !== root)
}

function refOf(root: Schema, { $ref }: Schema): Schema | null {
  const target = typeof $ref === 'string' && $ref !== '#' ? objectOf(resolveReference(root, $ref, false)) : null
  return target === root ? null : target
}

/** Several branches may say the same of a property. */
function oneOf(options: ReadonlySet<unknown>): unknown {
  const different = [...new Map([...options].map((option) => [JSON.stringify(option), option])).values()]
  return different.length === 1 ? different[0] : { anyOf: different }
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function objectOf(value: unknown): Schema | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : null
}
