/** The members of a request that have no effect, each named once, for `bridge.ignored` and `x-bridge-ignored`. */

/** A body may have any number of members, and what is named is stored with the job and sent back with every answer. */
const maxNames = 64
const maxLength = 64

/** Characters of the header: a name in another script has nine or twelve of them for each of its own. */
const longestHeader = 2000

export interface Ignored {
  add(name: string): void
  /** It has an effect after all. */
  remove(name: string): void
  names(): string[]
}

/** `before`: names that there are already. */
export function createIgnored(before: readonly string[] = []): Ignored {
  const names = new Set<string>(before)
  let more = false
  return {
    add(name) {
      const shown = name.length > maxLength ? `${name.slice(0, maxLength)}…` : name
      if (names.size < maxNames) names.add(shown)
      else more ||= !names.has(shown)
    },
    remove: (name) => void names.delete(name),
    names: () => (more ? [...names, '…'] : [...names]),
  }
}

/**
 * The names as a header value: comma-separated, with everything but plain ASCII words percent-encoded, as a name is the
 * caller's and must not end the header (RFC 9110, 5.5). Null if there are none.
 */
export function ignoredHeader(names: readonly string[]): string | null {
  if (names.length === 0) return null
  const shown: string[] = []
  let length = 0
  for (const name of names.map(encode)) {
    length += name.length + 2
    // whole names only; the body of the answer has them all
    if (length > longestHeader) return [...shown, encode('…')].join(', ')
    shown.push(name)
  }
  return shown.join(', ')
}

function encode(name: string): string {
  return name.replace(/[^A-Za-z0-9_.[\]-]/gu, (character: string) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}
