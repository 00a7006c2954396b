/** `WEBHOOK_ALLOWED_HOSTS`: whom the bridge may call. */
import { isIP } from 'node:net'
import { ConfigError } from '../errors/config-error.js'

export interface AllowedHost {
  /** in small letters, addresses without brackets; of `*.example.com`, what follows the star */
  name: string
  /** every host below the name, and not the name itself */
  below: boolean
  /** null: every port */
  port: number | null
}

/** @throws ConfigError */
export function readAllowedHosts(text: string): readonly AllowedHost[] {
  return text.split(',').map((entry, index) => {
    const [, star, host = '', port] = /^(\*\.)?(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(entry.trim()) ?? []
    const name = normalized(host)
    const below = star !== undefined
    if (name === null || (below && isIP(name) !== 0) || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
      throw new ConfigError(
        `WEBHOOK_ALLOWED_HOSTS: entry ${index + 1} must be a host such as example.com, example.com:8443 or *.example.com`,
      )
    }
    return { name, below, port: port === undefined ? null : Number(port) }
  })
}

/** As URLs have it by the time they are compared. */
function normalized(host: string): string | null {
  if (host === '' || /[\s/?#@*\\]/.test(host)) return null
  try {
    return hostOf(new URL(`http://${host}`))
  } catch {
    return null
  }
}

export function isAllowedHost(url: URL, allowed: readonly AllowedHost[]): boolean {
  const host = hostOf(url)
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  return allowed.some((entry) => {
    if (entry.port !== null && entry.port !== port) return false
    return entry.below ? isIP(host) === 0 && host.endsWith(`.${entry.name}`) : host === entry.name
  })
}

/**
 * Whether a host may be called though it is not public: only where the list has the address itself, or `localhost`. A name
 * may come to mean another address than the author of the list had in mind; these cannot.
 */
export function isTrustedHost(hostname: string, allowed: readonly AllowedHost[]): boolean {
  const fixed = isIP(hostname) !== 0 || hostname === 'localhost'
  return fixed && allowed.some(({ name, below }) => !below && name === hostname)
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}
