/** Where a `$ref` of a schema leads, within the schema itself: nothing is ever fetched. */
type Schema = Record<string, unknown>

/** The value that a reference leads to; undefined: nothing. A draft's own metaschema is known to every schema of that draft. */
export function resolveReference(root: Schema, reference: string, older: boolean): unknown {
  const name = rootName(root)
  const local = name !== '' && reference.startsWith(name) ? reference.slice(name.length) : reference
  if (local === '' || local === '#') return root
  if (local.startsWith('#/')) return at(root, local.slice(2))
  const metaschema = older ? 'http://json-schema.org/draft-07/schema' : 'https://json-schema.org/draft/2020-12/'
  return reference.startsWith(metaschema) ? true : undefined
}

/** The root's `$id`, or nothing. */
export function rootName({ $id }: Schema): string {
  return typeof $id === 'string' ? $id.replace(/#$/, '') : ''
}

/** The value at a JSON pointer (RFC 6901) in a URI's fragment. */
function at(root: unknown, pointer: string): unknown {
  let value = root
  for (const step of pointer.split('/')) {
    const name = unescape(step)
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Schema)[name]
  }
  return value
}

function unescape(step: string): string {
  const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
