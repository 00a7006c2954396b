/** The `Host` names that a server without a key answers to. */
import os from 'node:os'
import { parseHost } from './host.js'

/** Names under which a container reaches the machine that it runs on. */
const containerHosts = ['host.docker.internal', 'host.containers.internal']

/**
 * Whether a `Host` header is let in where no key is asked for: a page can have a name of its own resolve to this machine (DNS rebinding),
 * but it cannot have an address, a loopback name or this machine's own name.
 */
export function isAllowedHost(header: string, allowed: readonly string[], ownName = os.hostname()): boolean {
  const host = parseHost(header)
  if (host === null) return false
  const { kind, name } = host
  if (kind !== 'name' || name === 'localhost' || name.endsWith('.localhost')) return true
  return containerHosts.includes(name) || name === ownName.toLowerCase() || allowed.includes(name)
}

/** `ALLOWED_HOSTS` -> names in lower case. @throws Error that says what is wrong */
export function readAllowedHosts(text: string): readonly string[] {
  return text.split(',').map((entry) => {
    const host = parseHost(entry.trim())
    if (host === null || host.port !== null) {
      throw new Error(`${JSON.stringify(entry.trim())} is no host name; write names as in bridge.example, without scheme, port or path`)
    }
    return host.name
  })
}
