/** Members of an MCP config's entry as other programs write them -> as `.mcp.json` has them; and those that must not be left out. */

type Entry = Record<string, unknown>

/** Other names of a transport. */
const transports: Record<string, string> = {
  streamablehttp: 'http',
  streamable_http: 'http',
  'streamable-http': 'http',
  remote: 'http',
  local: 'stdio',
}

const otherNames: [other: string, own: string][] = [
  ['environment', 'env'],
  ['serverUrl', 'url'],
  ['httpUrl', 'url'],
  ['http_headers', 'headers'],
]

/** The same entry by its usual names. A member that stands beside its other name stays as it is. */
export function usualEntry(given: Entry): Entry {
  const entry = { ...given }
  const rename = (other: string, own: string) => {
    if (!Object.hasOwn(entry, other) || Object.hasOwn(entry, own)) return
    entry[own] = entry[other]
    delete entry[other]
  }
  for (const [other, own] of otherNames) rename(other, own)
  if (typeof entry['transport'] === 'string') rename('transport', 'type')
  const { type, command } = entry
  if (typeof type === 'string') entry['type'] = transports[type.toLowerCase()] ?? type
  if (Array.isArray(command) && !Object.hasOwn(entry, 'args')) {
    entry['command'] = command[0] as unknown
    entry['args'] = command.slice(1)
  }
  return entry
}

const says =
  (value: unknown) =>
  (given: unknown): boolean =>
    given === value
const isThere = (given: unknown): boolean => given != null && given !== '' && !(Array.isArray(given) && given.length === 0)

/** What would be another server, or have other tools, if it were left out. */
const notTaken: Record<string, (given: unknown) => boolean> = {
  disabled: says(true),
  enabled: says(false),
  ...Object.fromEntries(['cwd', 'envFile', 'env_file'].map((name) => [name, isThere])),
  ...Object.fromEntries(
    ['allowedTools', 'disabledTools', 'enabled_tools', 'disabled_tools', 'includeTools', 'excludeTools', 'tools'].map((name) => [
      name,
      isThere,
    ]),
  ),
}

/** The first member of a request's entry that changes what is meant and is not taken; null where there is none. */
export function notTakenIn(entry: Entry): string | null {
  return Object.keys(entry).find((name) => Object.hasOwn(notTaken, name) && notTaken[name]!(entry[name])) ?? null
}
