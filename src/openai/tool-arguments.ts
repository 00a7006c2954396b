import { refuse } from './refuse.js'

/** Deeper than any real call, and shallow enough for every recursive reader and writer of JSON that follows. */
const maxDepth = 200

/**
 * The `arguments` of a tool call in the history: JSON text of an object -> the object. No text at all stands for no
 * arguments, as some models write it. Throws 400 `invalid_value` with `param`.
 */
export function parseArguments(text: string, param: string): Record<string, unknown> {
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw refuse('invalid_value', param, 'it is not valid JSON', error)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse('invalid_value', param, 'expected the JSON text of an object')
  }
  if (!isWithin(value, maxDepth)) {
    throw refuse('invalid_value', param, `nested deeper than ${maxDepth} levels`)
  }
  return value as Record<string, unknown>
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((member) => isWithin(member, depth - 1))
}
