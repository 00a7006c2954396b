/** All headers of an answer, in the order of their names; dates are masked here, ids with the rest of the exchange. */
export function recordHeaders(headers: Iterable<[string, string]>): Record<string, string> {
  const sorted = [...headers].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const stream = sorted.some(([name, value]) => name === 'content-type' && value.startsWith('text/event-stream'))
  const kept = sorted.filter(([name, value]) => !(stream && isOfTheEnd(name, value)))
  return Object.fromEntries(kept.map(([name, value]) => [name, varies.has(name) ? `<${name}>` : value]))
}

/** `content-length` goes with the width of masked numbers; the waits that are advised are measured or drawn at random. */
const varies = new Set(['date', 'content-length', 'openai-processing-ms', 'retry-after', 'x-bridge-overhead-ms'])

/** A stream has these only where its job has ended before the head goes out, which is a race for a short answer of the CLI. */
function isOfTheEnd(name: string, value: string): boolean {
  return name === 'openai-processing-ms' || (name === 'x-bridge-model' && value.startsWith('claude-'))
}
