/** Resolves the parts of a JSON schema that stand elsewhere. */

export type Schema = Record<string, unknown>

/** references to references end somewhere */
const maxHops = 20

/** The schema behind a `$ref` into the same document, its `allOf` merged into it. */
export function resolve(given: unknown, root: Schema, hops = 0): Schema {
  const schema = asSchema(given)
  const reference = schema['$ref']
  if (typeof reference === 'string' && reference.startsWith('#') && hops < maxHops) {
    const keys = reference
      .split('/')
      .slice(1)
      .map((key) => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~'))
    return resolve(
      keys.reduce<unknown>((at, key) => asSchema(at)[key], root),
      root,
      hops + 1,
    )
  }
  if (!Array.isArray(schema['allOf'])) return schema
  const { allOf, ...rest } = schema
  return (allOf as unknown[]).map((part) => resolve(part, root, hops + 1)).reduce(merge, rest)
}

function merge(one: Schema, other: Schema): Schema {
  const required = [...((one['required'] as string[] | undefined) ?? []), ...((other['required'] as string[] | undefined) ?? [])]
  const properties = { ...asSchema(one['properties']), ...asSchema(other['properties']) }
  const merged: Schema = { ...one, ...other }
  if (required.length > 0) merged['required'] = [...new Set(required)]
  if (Object.keys(properties).length > 0) merged['properties'] = properties
  return merged
}

export function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {}
}
