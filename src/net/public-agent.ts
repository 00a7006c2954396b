/**
 * Connections to public addresses only, decided on the address that is connected to: what a name means is looked up once and
 * the connection takes that very answer, so a name that changes its meaning between a check and its use (DNS rebinding) gets
 * nowhere. Literal addresses pass the same check.
 */
import dns from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector } from 'undici'
import { Limiter } from '../limiter.js'
import { isPublicAddress } from './public-address.js'

export interface NetOptions {
  /** what names mean; left out: what the system says */
  lookup?: typeof dns.lookup
  /** addresses that may be connected to; left out: public ones */
  mayConnect?: (address: string) => boolean
  /** hosts that may be connected to whatever they mean; left out: none */
  trusted?: (hostname: string) => boolean
}

/** Nothing was connected to. Says no more than that: what a name means inside this network is not told to clients. */
export class NotPublic extends Error {
  override readonly name = 'NotPublic'
}

/** Fetches at once, for all owners together: each may hold megabytes until it is whole. */
const fetchesAtOnce = 16

/** An HTTP client. It has to be closed. */
export class PublicAgent extends Agent {
  /** the turns of `fetchPublic` */
  readonly turns = new Limiter({ bound: fetchesAtOnce })
}

export function createPublicAgent(options: NetOptions = {}): PublicAgent {
  const { lookup = dns.lookup, mayConnect = isPublicAddress, trusted = () => false } = options
  const connect = buildConnector({ timeout: 10_000, lookup: guarded(lookup, mayConnect) })
  const connectFreely = buildConnector({ timeout: 10_000 })
  return new PublicAgent({
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
    keepAliveTimeout: 2000,
    connect(options, callback) {
      if (trusted(options.hostname)) connectFreely(options, callback)
      // Node asks no lookup about what is an address already
      else if (isIP(options.hostname) !== 0 && !mayConnect(options.hostname)) callback(new NotPublic(), null)
      else connect(options, callback)
    },
  })
}

/** A lookup that knows no addresses but those that may be connected to. */
function guarded(lookup: typeof dns.lookup, mayConnect: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const allowed = error === null ? found.filter(({ address }) => mayConnect(address)) : []
      const [first] = allowed
      if (first === undefined) callback(new NotPublic(), [])
      else if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}
