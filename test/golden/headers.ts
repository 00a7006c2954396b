/** All headers of an answer, in the order of their names; dates are masked here, ids with the rest of the exchange. */
export function recordHeaders(headers: Iterable<[string, string]>): Record<string, string> {
  const sorted = [...headers].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return Object.fromEntries(sorted.map(([name, value]) => [name, varies.has(name) ? `<${name}>` : value]))
}

/** `content-length` goes with the width of masked numbers; the waits that are advised are measured or drawn at random. */
const varies = new Set(['date', 'content-length', 'openai-processing-ms', 'retry-after'])
