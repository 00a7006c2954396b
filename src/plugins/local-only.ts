/**
 * Keeps web pages from using a server without keys on the user's own machine: a page of another site can send requests to
 * loopback addresses (with a name of its own that resolves there, or with a simple request), and its browser says so in `Host`
 * and `Origin`.
 */
import fp from 'fastify-plugin'
import { isLoopback } from '../config.js'
import { BridgeError } from '../errors.js'

export default fp(async (app, { host, keyed }: { host: string; keyed: boolean }) => {
  // with keys, a page would have to know one
  if (keyed) return
  app.addHook('onRequest', async (request) => {
    const { origin } = request.headers
    if (isLoopback(host) && !isLocalName(hostnameOf(`http://${request.headers.host ?? ''}`))) {
      throw new BridgeError('origin_not_allowed', 'Without API_KEYS this server answers to local names only (see `Host`).')
    }
    if (origin === undefined || isOwn(origin, request.headers.host) || isLocalName(hostnameOf(origin))) return
    throw new BridgeError('origin_not_allowed', 'Without API_KEYS this server takes no requests of other web sites.')
  })
})

/** A page of this server's own; `https` where a proxy in front of it speaks TLS. */
function isOwn(origin: string, host: string | undefined): boolean {
  return origin === `http://${host}` || origin === `https://${host}`
}

function hostnameOf(url: string): string {
  try {
    return new URL(url).hostname
  } catch {
    return ''
  }
}

function isLocalName(name: string): boolean {
  return isLoopback(name) || name === '[::1]' || name.endsWith('.localhost')
}
