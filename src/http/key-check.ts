/** Whose bearer key a request brings. */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { JobTokens } from '../jobs/tokens.js'
import type { KeyRing } from '../keys/ring.js'
import { digestOf } from '../keys/secret.js'
import { tokenPrefix } from '../redact.js'

/**
 * `job`: the job that asks, where the key is a job's token; `admin`: it is a made key that may do what the operator may.
 * `admin` as a kind: it is the operator's (`ADMIN_KEY`), which owns no jobs.
 * `missing`: there is no `Authorization` header with a bearer key, or there are several; `wrong`: there is one, and it is not known;
 * `ended`: it looks like a job's token, and no job at work has it; `revoked`: it was a made key.
 */
export type KeyCheck =
  | { kind: 'owner'; owner: string; job: string | null; admin?: true }
  | { kind: 'admin' | 'missing' | 'wrong' | 'ended' | 'revoked' }

export class Keys {
  private readonly known: readonly { name: string; digest: Buffer }[]
  /** No key of the operator's looks like a token, so that a guess at a token is no guess at a key. */
  private readonly distinct: boolean
  private readonly admin: Buffer | null

  constructor(
    apiKeys: readonly { name: string; key: string }[],
    private readonly tokens: Pick<JobTokens, 'find'>,
    private readonly ring: Pick<KeyRing, 'find'>,
    adminKey?: string,
  ) {
    this.admin = adminKey === undefined ? null : digestOf(adminKey)
    this.known = apiKeys.map(({ name, key }) => ({ name, digest: digestOf(key) }))
    this.distinct = !apiKeys.some(({ key }) => key.startsWith(tokenPrefix))
  }

  check(request: Pick<IncomingMessage, 'headersDistinct'>): KeyCheck {
    const key = keyIn(request.headersDistinct)
    if (key === undefined) return { kind: 'missing' }
    const digest = digestOf(key)
    if (this.admin !== null && timingSafeEqual(digest, this.admin)) return { kind: 'admin' }
    const owner = this.ownerOf(digest)
    if (owner !== null) return { kind: 'owner', owner, job: null }
    const made = this.ring.find(key, digest)
    if (made?.kind === 'gone') return { kind: 'revoked' }
    if (made !== null) return { kind: 'owner', owner: made.key.id, job: null, ...(made.key.admin && { admin: true }) }
    const holder = this.tokens.find(key)
    if (holder !== null) return { kind: 'owner', owner: holder.owner, job: holder.jobId }
    return { kind: this.distinct && key.startsWith(tokenPrefix) ? 'ended' : 'wrong' }
  }

  /** Compares with every key, in the same time whichever matches. */
  private ownerOf(asked: Buffer): string | null {
    let owner: string | null = null
    for (const entry of this.known) if (timingSafeEqual(asked, entry.digest)) owner = entry.name
    return owner
  }
}

/** Of several headers of one name, a proxy and this server could look at different ones. */
function keyIn(headers: IncomingMessage['headersDistinct']): string | undefined {
  const bearer = headers['authorization']
  if (bearer !== undefined) return bearer.length === 1 ? /^Bearer +(\S+)\s*$/i.exec(bearer[0]!)?.[1] : undefined
  // Azure's clients and Anthropic's have headers of their own for the key, without a scheme
  const given = [...(headers['api-key'] ?? []), ...(headers['x-api-key'] ?? [])]
  return given.length === 1 ? /^(\S+)\s*$/.exec(given[0]!)?.[1] : undefined
}
