/**
 * The CLI's copy of a JSON Schema. It checks with Ajv for draft-07 in strict mode, and silently drops a schema that has a keyword
 * Ajv does not know there (docs/cli-protocol.md), or one that says nothing where it stands; the model's API reads draft 2020-12. What the
 * two do not share is told by what both take, or left out, never more narrowly; the whole schema is checked again at the end.
 */
import { withTargets } from '../../schema/kept-targets.js'
import { mended } from '../../schema/mend.js'
import { isUnicode } from '../../schema/pattern.js'

type Schema = Record<string, unknown>

/** Members that hold a schema, a list of them, or a map of them. */
const single = ['not', 'if', 'then', 'else', 'additionalProperties', 'contains', 'propertyNames']
const list = ['allOf', 'anyOf', 'oneOf']
const map = ['properties', 'patternProperties', 'definitions', '$defs']
const plain = [
  ...['$id', '$ref', '$comment', 'type', 'enum', 'const', 'format', 'pattern', 'required', 'nullable'],
  ...['multipleOf', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum', 'maxLength', 'minLength'],
  ...['maxItems', 'minItems', 'uniqueItems', 'maxProperties', 'minProperties'],
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
]

export function cliSchema(schema: Schema): Schema {
  const whole = mended(schema)
  // one reference that leads nowhere, and the CLI would drop the whole schema
  return withTargets(known(whole), whole, { copy: known, isKnown })
}

/** Of the drafts' own schemas, the one that the CLI's Ajv has. */
function isKnown(reference: string): boolean {
  return !/^https?:\/\/json-schema\.org\/draft\//.test(reference)
}

function known(schema: Schema): Schema {
  const result: Schema = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (saysNothing(keyword, value, schema)) continue
    if (keyword === 'enum' && Array.isArray(value)) result[keyword] = different(value)
    else if (plain.includes(keyword)) result[keyword] = value
    else if (single.includes(keyword)) result[keyword] = copy(value)
    else if (list.includes(keyword) && Array.isArray(value)) result[keyword] = value.map(copy)
    else if (map.includes(keyword) && isObject(value)) result[keyword] = mapOf(value, () => true)
  }
  setItems(result, schema)
  setPatterns(result, schema)
  setDependencies(result, schema)
  return result
}

function saysNothing(keyword: string, value: unknown, schema: Schema): boolean {
  // a pattern that the CLI could not compile is run here, at the end
  if (keyword === 'pattern') return !(typeof value === 'string' && isUnicode(value))
  if (keyword === 'then' || keyword === 'else') return schema['if'] === undefined
  if (keyword === 'if') return schema['then'] === undefined && schema['else'] === undefined
  // a schema of that name is there already
  return keyword === '$id' && /^https?:\/\/json-schema\.org\//.test(String(value))
}

/** The two drafts write a tuple in two ways, and each refuses the other's: what all its members may be is told, and how many there are. */
function setItems(result: Schema, schema: Schema): void {
  const { items, prefixItems, additionalItems } = schema
  const [first, rest]: [unknown[] | null, unknown] = Array.isArray(prefixItems)
    ? [prefixItems, items]
    : Array.isArray(items)
      ? [items, additionalItems]
      : [null, items]
  if (first === null) {
    if (rest !== undefined) result['items'] = copy(rest)
    return
  }
  if (rest === false) result['maxItems'] = Math.min(first.length, typeof schema['maxItems'] === 'number' ? schema['maxItems'] : Infinity)
  if (rest === undefined || rest === true) return
  const members = different([...first, ...(rest === false ? [] : [rest])].map(copy))
  if (members.length > 0) result['items'] = members.length === 1 ? members[0] : { anyOf: members }
}

/** A prefix and nothing else: whether a property begins with it can be seen without running the client's pattern. */
const prefix = /^\^([\w-]*)$/

/** In strict mode no property may match a pattern as well. A pattern that is left out must not make `additionalProperties` refuse its keys. */
function setPatterns(result: Schema, schema: Schema): void {
  const { patternProperties, properties } = schema
  if (!isObject(patternProperties)) return
  const keys = isObject(properties) ? Object.keys(properties) : []
  const isTold = (pattern: string) => {
    if (!isUnicode(pattern)) return false
    const start = prefix.exec(pattern)?.[1]
    return keys.length === 0 || (start !== undefined && !keys.some((key) => key.startsWith(start)))
  }
  result['patternProperties'] = mapOf(patternProperties, isTold)
  if (!Object.keys(patternProperties).every(isTold)) delete result['additionalProperties']
}

/** Draft-07 has one keyword for what are two later; later drafts still know it. */
function setDependencies(result: Schema, { dependencies, dependentSchemas, dependentRequired }: Schema): void {
  const schemas = { ...(isObject(dependencies) && dependencies), ...(isObject(dependentSchemas) && dependentSchemas) }
  const all = new Map<string, unknown>(Object.entries(schemas).map(([key, value]) => [key, copy(value)]))
  for (const [key, required] of Object.entries(isObject(dependentRequired) ? dependentRequired : {})) {
    if (!Array.isArray(required)) continue
    all.set(key, all.has(key) ? { allOf: [asSchema(all.get(key)), { required }] } : required)
  }
  if (all.size > 0) result['dependencies'] = Object.fromEntries(all)
}

function asSchema(value: unknown): unknown {
  return Array.isArray(value) ? { required: value } : value
}

function mapOf(members: Schema, isTold: (name: string) => boolean): Schema {
  return Object.fromEntries(
    Object.entries(members)
      .filter(([name]) => isTold(name))
      .map(([name, member]) => [name, copy(member)]),
  )
}

/** Ajv refuses a list of values that has one of them twice. */
function different(values: readonly unknown[]): unknown[] {
  return [...new Map(values.map((value) => [canonical(value), value])).values()]
}

/** As JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1))) : member,
  )
}

function copy(value: unknown): unknown {
  return isObject(value) ? known(value) : value
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
