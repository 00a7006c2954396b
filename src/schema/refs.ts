/** The first reference to another document that the schema does not hold itself, under some `$id`, if there is one. */
export function remoteRef(schema: object): string | undefined {
  const ids = new Set<string>()
  const refs: string[] = []
  // a stack of its own, because a schema may be nested deeper than calls can be
  const open: unknown[] = [schema]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'string') {
        if (name === '$id') ids.add(withoutFragment(member))
        if (name === '$ref' || name === '$dynamicRef') refs.push(member)
      } else open.push(member)
    }
  }
  return refs.find((ref) => /^[a-z][a-z0-9+.-]*:/i.test(ref) && !ids.has(withoutFragment(ref)) && !isMetaSchema(ref))
}

function withoutFragment(uri: string): string {
  return uri.split('#')[0]!
}

/** The drafts' own schemas come with ajv. */
function isMetaSchema(ref: string): boolean {
  return /^https?:\/\/json-schema\.org\/(draft-0[67]|draft\/20(19-09|20-12))\//.test(ref)
}
