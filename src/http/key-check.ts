/** Whose bearer key a request brings. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** `missing`: there is no `Authorization` header with a bearer key, or there are several; `wrong`: there is one, and it is not known. */
export type KeyCheck = { kind: 'owner'; owner: string } | { kind: 'missing' } | { kind: 'wrong' }

export class Keys {
  private readonly known: readonly { name: string; digest: Buffer }[]

  constructor(apiKeys: readonly { name: string; key: string }[]) {
    this.known = apiKeys.map(({ name, key }) => ({ name, digest: digest(key) }))
  }

  check(request: Pick<IncomingMessage, 'headersDistinct'>): KeyCheck {
    const given = request.headersDistinct['authorization'] ?? []
    // of two, a proxy and this server could look at different ones
    const key = given.length === 1 ? /^Bearer +(\S+)\s*$/i.exec(given[0]!)?.[1] : undefined
    if (key === undefined) return { kind: 'missing' }
    const owner = this.ownerOf(key)
    return owner === null ? { kind: 'wrong' } : { kind: 'owner', owner }
  }

  /** Compares with every key, in the same time whichever matches. */
  private ownerOf(given: string): string | null {
    const asked = digest(given)
    let owner: string | null = null
    for (const entry of this.known) if (timingSafeEqual(asked, entry.digest)) owner = entry.name
    return owner
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
