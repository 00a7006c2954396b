/** Made keys in memory: read from the store at the start, changed together with it. Finds whose a key is. */
import { timingSafeEqual } from 'node:crypto'
import type { MadeKey } from '../jobs/keys.js'
import { idIn } from './secret.js'

interface Entry {
  key: MadeKey
  digest: Buffer
  previous: { digest: Buffer; until: number } | null
}

/** `gone`: the key was revoked, or replaced and its time of grace is over. */
export type Found = { kind: 'key'; key: MadeKey } | { kind: 'gone' }

export class KeyRing {
  /** in the order in which they were made */
  private readonly entries = new Map<string, Entry>()

  /** Adds a key, or replaces the one of that id. */
  put(key: MadeKey): void {
    const { digest, previous } = key
    this.entries.set(key.id, {
      key,
      digest: Buffer.from(digest, 'hex'),
      previous: previous && { digest: Buffer.from(previous.digest, 'hex'), until: previous.until },
    })
  }

  /** Whose key it is; null where it is no made key, or its secret is wrong. @param digest SHA-256 of `given` */
  find(given: string, digest: Buffer, now = Date.now()): Found | null {
    const id = idIn(given)
    const entry = id === null ? undefined : this.entries.get(id)
    if (entry === undefined) return null
    const { key, previous } = entry
    const current = timingSafeEqual(digest, entry.digest)
    if (!current && (previous === null || !timingSafeEqual(digest, previous.digest))) return null
    if (key.revokedAt !== null || (!current && previous !== null && previous.until <= now)) return { kind: 'gone' }
    return { kind: 'key', key }
  }

  /** The key whose jobs belong to that owner, revoked or not; null where the owner is no made key. */
  of(owner: string): MadeKey | null {
    return this.entries.get(owner)?.key ?? null
  }

  isRevoked(owner: string): boolean {
    return (this.of(owner)?.revokedAt ?? null) !== null
  }

  /** All that were ever made, in that order. */
  get all(): MadeKey[] {
    return [...this.entries.values()].map(({ key }) => key)
  }

  /** Those that are taken. */
  get valid(): MadeKey[] {
    return this.all.filter(({ revokedAt }) => revokedAt === null)
  }

  /** Some key is taken, or may be: what a damaged record was is not known, and damage opens no server. */
  get asks(): boolean {
    for (const { key } of this.entries.values()) if (key.revokedAt === null || key.damaged === true) return true
    return false
  }

  get size(): number {
    return this.entries.size
  }
}
