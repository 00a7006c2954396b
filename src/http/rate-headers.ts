/** Where a provider tells its rate limits and the key has limits of its own: of each kind, the one that leaves less is told. */
import type { OutgoingHttpHeaders } from 'node:http'

const kinds = ['requests', 'tokens'] as const

/** The provider's headers that are told beside ours. */
export function told(ours: OutgoingHttpHeaders, theirs: Readonly<Record<string, string>>): Record<string, string> {
  const kept = kinds.filter((kind) => {
    const [own, other] = [ours[`x-ratelimit-remaining-${kind}`], theirs[`x-ratelimit-remaining-${kind}`]]
    return own !== undefined && !(other !== undefined && Number(other) < Number(own))
  })
  return Object.fromEntries(Object.entries(theirs).filter(([name]) => !kept.some((kind) => name.endsWith(`-${kind}`))))
}
