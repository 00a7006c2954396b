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
  const used = new Map<string, number>()
  return {
    next(id) {
      const clean = id.replace(/[^A-Za-z0-9_-]/g, '_')
      let result = clean
      for (let count = used.get(clean) ?? 1; used.has(result); count++) {
        result = `${clean}_${count + 1}`
        used.set(clean, count + 1)
      }
      used.set(result, 1)
      return result
    },
  }
}
