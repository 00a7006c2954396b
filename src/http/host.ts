/** The value of a `Host` header, read strictly: what any two parsers could read differently is refused. */
import { isIPv4, isIPv6 } from 'node:net'

export interface Host {
  kind: 'name' | 'ipv4' | 'ipv6'
  /** in lower case; an IPv6 address without its brackets */
  name: string
  port: number | null
}

/** Letters, digits, hyphens and underscores between dots; a final dot and an empty label are refused. */
const dnsName = /^(?=.{1,253}$)[a-z\d_](?:[a-z\d_-]{0,62})(?:\.[a-z\d_][a-z\d_-]{0,62})*$/

/**
 * `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`. Null for anything else: user names, paths, zones, ports beyond 65,535, and the
 * spellings of an IPv4 address that only some parsers know (`127.1`, decimal, hexadecimal, octal).
 */
export function parseHost(text: string): Host | null {
  const found = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(text)
  if (found === null) return null
  const port = found[2] === undefined ? null : Number(found[2])
  if (port !== null && port > 65_535) return null
  const named = found[1]!.toLowerCase()
  if (named.startsWith('[')) {
    const name = named.slice(1, -1)
    return isIPv6(name) && !name.includes('%') ? { kind: 'ipv6', name, port } : null
  }
  if (isIPv4(named)) return { kind: 'ipv4', name: named, port }
  // the URL standard takes a name whose last label is a number for an IPv4 address
  if (!dnsName.test(named) || /(?:^|\.)(?:\d+|0x[\da-f]*)$/.test(named)) return null
  return { kind: 'name', name: named, port }
}

/** `localhost`, names below it, 127.0.0.0/8 and ::1. */
export function isLoopbackHost({ kind, name }: Host): boolean {
  if (kind === 'ipv4') return name.startsWith('127.')
  if (kind === 'ipv6') return isLoopbackV6(name)
  return name === 'localhost' || name.endsWith('.localhost')
}

/** However its zeros are written. */
function isLoopbackV6(name: string): boolean {
  return /^[0:]*:0*1$/.test(name) || /^[0:]*:ffff:127\.\d+\.\d+\.\d+$/.test(name)
}
