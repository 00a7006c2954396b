import { refuse } from '../../errors/refuse.js'

/** Deeper than any real call, and shallow enough for every recursive reader and writer of JSON that follows. */
const maxDepth = 200

/**
 * The `arguments` of a tool call in the history: JSON text of an object, or the object itself -> the object. No text at all stands for no
 * arguments, as some models write it. Models also write what is no object, and clients send that back beside a result which
 * says so: it goes on under the name that Anthropic's documentation gives it. Throws 400 `invalid_value` with `param` for an
 * object that is nested too deep.
 */
export function parseArguments(given: string | object | null | undefined, param: string): Record<string, unknown> {
  const text = given ?? ''
  // some models write `null` for a call without arguments
  if (typeof text === 'string' && (text.trim() === '' || text.trim() === 'null')) return {}
  const value = typeof text === 'string' ? parsed(text) : text
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { INVALID_JSON: text }
  if (!isWithin(value, maxDepth)) {
    throw refuse('invalid_value', param, `nested deeper than ${maxDepth} levels`)
  }
  return value as Record<string, unknown>
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((member) => isWithin(member, depth - 1))
}
