/** Whether an exchange is in the cell that its answer belongs into. */
import { catalogue } from '../../src/errors/catalogue.js'
import type { Exchange } from './files.js'

/** Endings whose name is not the code that they are told by. */
const told: Record<string, string> = { cancel: 'cancelled', 'review: reject': 'review_rejected' }

/** What contradicts; null where nothing does. */
export function contradiction({ name, cell: [route, , ending], body, frames }: Exchange): string | null {
  if (route === 'raw HTTP') return null
  const said = codesIn(JSON.stringify(frames ?? body ?? null))
  const meant = told[ending] ?? codeNamed(ending)
  if (meant !== undefined) return said.includes(meant) ? null : `${name}: nothing says ${meant}`
  const own = (body as { error?: { code?: unknown } | null } | null | undefined)?.error?.code
  // JSON-RPC has numbers
  return typeof own !== 'string' ? null : `${name}: ${ending}, and yet it failed with ${own}`
}

/** Codes of errors in JSON, also in JSON that stands in a string of it. */
export function codesIn(json: string): string[] {
  return [...json.matchAll(/\\?"code\\?":\\?"(\w+)\\?"/g)].map((match) => match[1]!)
}

function codeNamed(ending: string): string | undefined {
  const word = /(\w+)(?: \(.*\))?$/.exec(ending)?.[1]
  return word !== undefined && Object.hasOwn(catalogue, word) ? word : undefined
}
