/** Dotted paths into JSON: `a.b`, `items[0].name`, `items.0.name`. */

export type Found = { found: true; value: unknown } | { found: false; missing: string }

/**
 * The value at a path, by own members only. A member whose own name has dots or brackets is found by that name first. If there
 * is none, `missing` is the path up to the first step that is not there.
 */
export function valueAt(root: unknown, path: string): Found {
  const direct = step(root, path)
  if (direct !== undefined) return { found: true, value: direct.value }
  let at = root
  const done: string[] = []
  for (const name of steps(path)) {
    const next = step(at, name)
    done.push(name)
    if (next === undefined) return { found: false, missing: done.join('.') }
    at = next.value
  }
  return { found: true, value: at }
}

/** The names of a path; brackets may hold an index or a quoted name. */
export function steps(path: string): string[] {
  return path
    .replace(
      /\[(?:(\d+)|"([^"\]]*)"|'([^'\]]*)')\]/g,
      (_, index?: string, double?: string, single?: string) => `.${index ?? double ?? single ?? ''}`,
    )
    .replace(/^\$?\./, '')
    .split('.')
}

function step(value: unknown, name: string): { value: unknown } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    const index = /^\d+$/.test(name) ? Number(name) : -1
    return index >= 0 && index < value.length ? { value: value[index] } : undefined
  }
  return Object.hasOwn(value, name) ? { value: (value as Record<string, unknown>)[name] } : undefined
}
