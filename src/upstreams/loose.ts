/** Looks into JSON of a stranger: what is not as expected is not there. */

export function memberOf(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Record<string | number, unknown>)[key] : undefined,
    value,
  )
}

export function textAt(value: unknown, ...path: (string | number)[]): string | null {
  const found = memberOf(value, ...path)
  return typeof found === 'string' && found !== '' ? found : null
}

/** A whole number that is not negative. */
export function numberAt(value: unknown, ...path: (string | number)[]): number | null {
  const found = memberOf(value, ...path)
  return typeof found === 'number' && Number.isFinite(found) && found >= 0 ? Math.round(found) : null
}

export function listAt(value: unknown, ...path: (string | number)[]): unknown[] {
  const found = memberOf(value, ...path)
  return Array.isArray(found) ? found : []
}
