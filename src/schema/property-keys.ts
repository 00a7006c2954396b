/**
 * Keys of properties that the model's API does not take (`$top`, `filter[id]`, `größe`): at any depth of a tool's schema it wants
 * `[a-zA-Z0-9_.-]{1,64}`. The CLI drops such a tool without a word, so that the model is told other keys and the client gets its own back.
 */
import { createHash } from 'node:crypto'

type Schema = Record<string, unknown>

export interface KeyNames {
  /** the client's keys -> the model's; only those that differ */
  toModel: ReadonlyMap<string, string>
  toClient: ReadonlyMap<string, string>
}

const taken = /^[a-zA-Z0-9_.-]{1,64}$/
const hashLength = 8

/** Keywords whose values are schemas, lists of them, or maps of them by a name that is no property. */
const single = ['not', 'if', 'then', 'else', 'additionalProperties', 'additionalItems', 'unevaluatedProperties', 'unevaluatedItems'].concat(
  ['contains', 'items', 'propertyNames'],
)
const list = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items']
const map = ['patternProperties', 'definitions', '$defs']
/** Keywords whose values are examples of what the schema describes. */
const values = ['const', 'default', 'enum', 'examples', 'example']

/** Null where the model can be told every key as it is. */
export function keyNamesOf(schema: Schema): KeyNames | null {
  const keys = new Set<string>()
  collect(schema, keys)
  const odd = [...keys].filter((key) => !taken.test(key))
  if (odd.length === 0) return null
  const toModel = new Map<string, string>()
  const toClient = new Map<string, string>()
  for (const key of odd) {
    const name = nameFor(key, (other) => keys.has(other) || toClient.has(other))
    toModel.set(key, name)
    toClient.set(name, key)
  }
  return { toModel, toClient }
}

/** The same for the same key, wherever it stands, unless another key is spelt like it. */
function nameFor(key: string, isTaken: (name: string) => boolean): string {
  const plain = key.replace(/[^a-zA-Z0-9_.-]/g, '_').slice(0, 64 - hashLength - 1)
  for (let salt = ''; ; salt += '+') {
    const hash = createHash('sha256')
      .update(key + salt)
      .digest('hex')
    const name = `${plain}_${hash.slice(0, hashLength)}`
    if (!isTaken(name)) return name
  }
}

function collect(schema: unknown, keys: Set<string>): void {
  if (!isObject(schema)) return
  for (const [keyword, value] of Object.entries(schema)) {
    if ((keyword === 'properties' || keyword === 'dependentSchemas' || keyword === 'dependencies') && isObject(value)) {
      for (const [key, member] of Object.entries(value)) {
        keys.add(key)
        collect(member, keys)
      }
    } else if (keyword === 'required' && Array.isArray(value)) addTexts(value, keys)
    else if (keyword === 'dependentRequired' && isObject(value)) for (const key of Object.keys(value)) keys.add(key)
    else if (map.includes(keyword) && isObject(value)) for (const member of Object.values(value)) collect(member, keys)
    else if (list.includes(keyword) && Array.isArray(value)) for (const member of value) collect(member, keys)
    else if (single.includes(keyword)) collect(value, keys)
  }
}

function addTexts(items: readonly unknown[], keys: Set<string>): void {
  for (const item of items) if (typeof item === 'string') keys.add(item)
}

/**
 * The schema as the model is told it. What a pattern of `patternProperties` says of a key that is renamed is not told: patterns are the
 * client's, and are run in a thread with a limit only. An answer is held against the client's own schema afterwards.
 */
export function withNames(schema: Schema, names: ReadonlyMap<string, string>): Schema {
  const rename = (key: string) => names.get(key) ?? key
  const texts = (value: unknown) =>
    Array.isArray(value) ? value.map((item: unknown) => (typeof item === 'string' ? rename(item) : item)) : value
  const inside = (value: unknown) => (isObject(value) ? withNames(value, names) : value)
  const byKey = (value: unknown, of: (member: unknown) => unknown) =>
    isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, member]) => [rename(key), of(member)])) : value
  const result: Schema = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties') result[keyword] = byKey(value, inside)
    else if (keyword === 'dependentSchemas') result[keyword] = byKey(value, inside)
    else if (keyword === 'required') result[keyword] = texts(value)
    else if (keyword === 'dependentRequired') result[keyword] = byKey(value, texts)
    else if (keyword === 'dependencies')
      result[keyword] = byKey(value, (member) => (Array.isArray(member) ? texts(member) : inside(member)))
    else if (keyword === '$ref' && typeof value === 'string') result[keyword] = pointer(value, rename)
    else if (keyword === 'propertyNames' && isObject(value)) result[keyword] = namesAllowed(value, names)
    else if (values.includes(keyword)) result[keyword] = renamed(value, names)
    else if (map.includes(keyword) && isObject(value))
      result[keyword] = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inside(member)]))
    else if (list.includes(keyword) && Array.isArray(value)) result[keyword] = value.map(inside)
    else result[keyword] = single.includes(keyword) ? inside(value) : value
  }
  return result
}

/** A schema of keys: those that it lists are renamed as they are. */
function namesAllowed(schema: Schema, names: ReadonlyMap<string, string>): Schema {
  const rename = (key: unknown) => (typeof key === 'string' ? (names.get(key) ?? key) : key)
  const { enum: listed, const: one } = schema
  return {
    ...withNames(schema, names),
    ...(Array.isArray(listed) && { enum: listed.map(rename) }),
    ...(one !== undefined && { const: rename(one) }),
  }
}

/** A JSON pointer (RFC 6901) in a URI fragment. */
function pointer(ref: string, rename: (key: string) => string): string {
  if (!ref.startsWith('#/')) return ref
  const parts = ref.slice(2).split('/')
  return `#/${parts
    .map((part, index) => {
      if (index === 0 || !['properties', 'dependentSchemas'].includes(parts[index - 1]!)) return part
      const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
      const name = rename(key)
      return name === key ? part : name
    })
    .join('/')}`
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** A JSON value with other keys, at any depth. */
export function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => renamed(item, names))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [names.get(key) ?? key, renamed(member, names)]))
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
