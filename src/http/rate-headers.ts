/** Where a provider tells its rate limits and the key has limits of its own: of each kind, the one that leaves less is told. */
import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** what was told of the key's limits before the request was counted, where other servers count as well; null: nothing */
    ratesTold: Record<string, string> | null
  }
}

const kinds = ['requests', 'tokens'] as const

/** The provider's headers that are told beside ours. */
export function told(ours: OutgoingHttpHeaders, theirs: Readonly<Record<string, string>>): Record<string, string> {
  const kept = kinds.filter((kind) => {
    const [own, other] = [ours[`x-ratelimit-remaining-${kind}`], theirs[`x-ratelimit-remaining-${kind}`]]
    return own !== undefined && !(other !== undefined && Number(other) < Number(own))
  })
  return Object.fromEntries(Object.entries(theirs).filter(([name]) => !kept.some((kind) => name.endsWith(`-${kind}`))))
}

/** Tells what is left of a key's limits now that the request was counted, unless a provider that leaves less is told. */
export function tellRates(reply: FastifyReply): void {
  const { owner, ratesTold } = reply.request
  if (!ratesTold) return
  const now = reply.server.quotas.headers(owner, false)
  for (const kind of kinds) {
    const name = `x-ratelimit-remaining-${kind}`
    if (reply.getHeader(name) !== ratesTold[name]) continue
    reply.headers(Object.fromEntries(Object.entries(now).filter(([each]) => each.endsWith(`-${kind}`))))
  }
}
