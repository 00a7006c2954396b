/** Keys that were made while the server ran: what the store keeps of them. The key itself is not among it. */

/** What a key may use; left out: no limit. */
export interface KeyLimits {
  requestsPerMinute?: number
  tokensPerMinute?: number
  /** jobs at work at the same time */
  running?: number
  usdPerDay?: number
  usdPerMonth?: number
  storedMb?: number
  /** open event streams */
  streams?: number
}

/** Times are milliseconds since the epoch. */
export interface MadeKey {
  /** owner of the key's jobs */
  id: string
  /** for people; another key may have it once this one is revoked */
  name: string
  /** SHA-256 of the whole key, in hexadecimal digits */
  digest: string
  /** the key before the last rotation, which is taken until then */
  previous: { digest: string; until: number } | null
  /** may also do what `ADMIN_KEY` may */
  admin: boolean
  /** names of models as requests say them; null: all */
  models: readonly string[] | null
  /** names in the registry; null: all that the server allows */
  mcpServers: readonly string[] | null
  /** in the words of `allowed_tools`; null: all that the server allows */
  tools: readonly string[] | null
  /** turns in a row where several keys wait */
  priority: number
  limits: KeyLimits
  createdAt: number
  revokedAt: number | null
  /** The record cannot be read: it is left as it is, and the key is taken for a revoked one. Never stored. */
  damaged?: true
}

/** Rules all stores keep: what `put` has acknowledged survives a power cut, and no key is ever removed, so that no id is given twice. */
export interface KeyStore {
  /** In the order in which they were made; see {@link MadeKey.damaged}. */
  all(): Promise<MadeKey[]>
  /** Adds a key, or replaces the one of that id in its place. */
  put(key: MadeKey): Promise<void>
}
