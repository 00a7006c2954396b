/** "Generate a JSON object with name 'John Doe' and age 30" → `{"name": "John Doe", "age": 30}`. */

const pair = /\b(\w+)\s*(?:is|of|=|:)?\s+(?:'([^']*)'|"([^"]*)"|(-?\d+(?:\.\d+)?)\b)/g

/** @returns undefined where the text asks for no JSON object, or names no values for one */
export function jsonObjectAskedFor(text: string): Record<string, string | number> | undefined {
  if (!/\bjson\b/i.test(text)) return undefined
  const pairs = [...text.matchAll(pair)].map(([, name, single, double, number]) => {
    return [name!, number === undefined ? (single ?? double ?? '') : Number(number)] as const
  })
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs)
}
