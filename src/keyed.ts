/** Whether requests need a key. */
import { type Config, isLoopback } from './config.js'
import type { KeyRing } from './keys/ring.js'

/**
 * They do where `API_KEYS` or a made key is there. Where all made keys are revoked, and where other machines reach a server without any,
 * they do as well unless `ALLOW_ANONYMOUS` says otherwise: revoking the last key opens no server.
 */
export function isKeyAskedFor(
  { apiKeys, host, allowAnonymous }: Pick<Config, 'apiKeys' | 'host' | 'allowAnonymous'>,
  ring: Pick<KeyRing, 'asks' | 'size'>,
): boolean {
  if (apiKeys.length > 0 || ring.asks) return true
  return !allowAnonymous && (ring.size > 0 || !isLoopback(host))
}
