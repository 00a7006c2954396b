/** Members of a message of the CLI as they should be, or undefined: a member of another type counts as one that is not there. */

export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A number of something, or a time: finite and not below 0. */
export function amountIn(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : undefined
}

/** An object that is no array. */
export function objectIn(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
}

/** The objects of a list. */
export function objectsIn(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return []
  return value.map(objectIn).filter((item) => item !== undefined)
}
