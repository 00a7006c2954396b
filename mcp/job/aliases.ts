/**
 * A file server that is asked for `/tmp` works in the job's own folder: paths of calls are led there, and what comes back speaks of
 * `/tmp` again.
 */
import path from 'node:path'

/** Arguments of the file server's tools that hold paths. */
const pathMembers = ['path', 'paths', 'source', 'destination']

/** Arguments of a call -> the same with real paths. */
export function toReal(args: Record<string, unknown>, aliases: readonly string[], real: string): Record<string, unknown> {
  const changed = pathMembers
    .filter((member) => Object.hasOwn(args, member))
    .map((member) => {
      const value = args[member]
      const paths = Array.isArray(value) ? value.map((item: unknown) => realPath(item, aliases, real)) : realPath(value, aliases, real)
      return [member, paths]
    })
  return { ...args, ...(Object.fromEntries(changed) as Record<string, unknown>) }
}

function realPath(value: unknown, aliases: readonly string[], real: string): unknown {
  if (typeof value !== 'string') return value
  const file = path.normalize(value)
  // the job's folder may itself lie below an alias
  if (startsWith(file, real)) return value
  const alias = aliases.find((candidate) => startsWith(file, candidate))
  return alias === undefined ? value : path.join(real, file.slice(alias.length))
}

function startsWith(file: string, folder: string): boolean {
  return file === folder || file.startsWith(folder + path.sep)
}

/** A result -> the same as if the alias were real, in every text of it. */
export function toAlias(value: unknown, alias: string, real: string): unknown {
  if (typeof value === 'string') return value.replaceAll(real, alias)
  if (Array.isArray(value)) return value.map((item: unknown) => toAlias(item, alias, real))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toAlias(member, alias, real)]))
}
