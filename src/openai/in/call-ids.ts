/**
 * Ids of tool calls as the Claude API takes them: letters, digits, `_` and `-`, unique in the conversation. Other
 * models' ids break both rules (`functions.weather:0`, or `call_0` again in every turn), and a history may come from
 * one of them. The same conversation always gives the same ids, so that its prefix stays the same from request to
 * request.
 */
export interface CallIds {
  /** The id to use for a call, which is its own if it can be. */
  next(id: string): string
}

export function createCallIds(): CallIds {
  const used = new Set<string>()
  /** ids that are used, without the number at their end */
  const bases = new Set<string>()
  const counts = new Map<string, number>()
  // the CLI takes `x` and `x_2` for one call, and loses the result of the second
  const isTaken = (id: string) => used.has(id) || used.has(baseOf(id)) || bases.has(id)
  return {
    next(id) {
      const clean = id.replace(/[^A-Za-z0-9_-]/g, '_')
      let result = clean
      let count = counts.get(clean) ?? 1
      while (isTaken(result)) result = `${clean}-${++count}`
      counts.set(clean, count)
      used.add(result)
      if (baseOf(result) !== result) bases.add(baseOf(result))
      return result
    },
  }
}

function baseOf(id: string): string {
  return id.replace(/_\d+$/, '')
}
