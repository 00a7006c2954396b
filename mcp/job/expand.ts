/** `${VAR}` and `${VAR:-default}` in an MCP config, as the CLI itself expands them. */
const placeholder = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/** A variable that is not set and has no default stays as it stands, so that the server's error shows it. */
export function expand(text: string, variables: Readonly<Record<string, string | undefined>>): string {
  return text.replace(placeholder, (whole, name: string, fallback: string | undefined) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    return value || (fallback ?? whole)
  })
}

/** The same for every text inside a value. */
export function expandAll<T>(value: T, variables: Readonly<Record<string, string | undefined>>): T {
  if (typeof value === 'string') return expand(value, variables) as T
  if (Array.isArray(value)) return value.map((item: unknown) => expandAll(item, variables)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expandAll(member as unknown, variables)])) as T
}

/** Names of the variables that a text speaks of. */
export function placeholdersOf(text: string): string[] {
  return [...text.matchAll(placeholder)].map((match) => match[1]!)
}
