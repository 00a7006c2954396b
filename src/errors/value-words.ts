/** Words for values in error messages. */

/** `null`, `an array`, `a string`; for numbers, what zod tells apart. */
export function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a number'
  return withArticle(Array.isArray(value) ? 'array' : typeof value)
}

/** zod's name of a type, with its article. */
export function withArticle(type: string): string {
  const name = type === 'record' ? 'object' : type
  return name === 'null' ? name : `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

/** A value in a message: itself if it is short and simple, else its type. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${shorten(value)}'`
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : nameOf(value)
}

/** No message grows with what a caller sent. */
export function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

/** Length of a text or list. */
export function sizeOf(value: unknown): string {
  return typeof value === 'string' || Array.isArray(value) ? String(value.length) : nameOf(value)
}

/** `'a', 'b'` */
export function list(values: readonly unknown[]): string {
  return values.map((value) => `'${String(value)}'`).join(', ')
}
