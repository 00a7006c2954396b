/**
 * Browsers: which pages may use this server, and under which names. A page of any site can send requests to the addresses that its
 * browser reaches, this machine's own among them; its browser says so in `Origin` and `Host`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { BridgeError } from '../errors/catalogue.js'
import { isAllowedHost } from '../http/host-names.js'
import { isAllowedOrigin } from '../http/origins.js'

export interface OriginOptions {
  /** whether a key is asked for; where none is, names are looked at */
  keyed: () => boolean
}

/** What a page may read of an answer beside the headers that it always may. */
const exposed = [
  'x-request-id',
  'x-bridge-task-id',
  'x-bridge-model',
  'x-bridge-ignored',
  'x-bridge-cache',
  'x-bridge-overhead-ms',
  'x-should-retry',
  'retry-after',
  'location',
  'preference-applied',
  'mcp-session-id',
].join(', ')

const preflightAgeS = '600'

/** What comes before the key: names, headers that let a page read the answer, and preflights, which bring no key. */
export const origins = fp(
  async (app: FastifyInstance, { keyed }: OriginOptions) => {
    app.addHook('onRequest', async (request, reply) => {
      const { origin, host = '' } = request.headers
      if (!keyed()) {
        requireHost(request)
        if (!isAllowedHost(host, app.config.allowedHosts)) throw refusedHost(host)
      }
      if (origin === undefined) return
      reply.header('vary', 'Origin')
      const letIn = isAllowedOrigin(origin, host, app.config.allowedOrigins)
      if (letIn) reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed })
      if (request.method !== 'OPTIONS') return
      if (!letIn) throw refusedOrigin(origin)
      if (request.headers['access-control-request-method'] !== undefined) return answerPreflight(request, reply)
    })
  },
  { name: 'origins', dependencies: ['config'] },
)

/** What comes after the key. */
export const refusedOrigins = fp(
  async (app: FastifyInstance) => {
    app.addHook('onRequest', async (request) => {
      requireHost(request)
      const { origin, host } = request.headers
      if (origin !== undefined && !isAllowedOrigin(origin, host, app.config.allowedOrigins)) throw refusedOrigin(origin)
    })
  },
  { name: 'refused-origins', dependencies: ['auth'] },
)

/** Node would answer with a bare 400 (see `requireHostHeader` in app.ts), and take the first of several. */
function requireHost({ raw }: FastifyRequest): void {
  const given = raw.headersDistinct['host']?.length ?? 0
  if (given === 0 && raw.httpVersion === '1.1') throw new BridgeError('invalid_request', 'The request has no `Host` header.')
  if (given > 1) throw new BridgeError('invalid_request', 'The request has more than one `Host` header.')
}

function answerPreflight({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ 'access-control-allow-methods': 'GET, POST, PATCH, DELETE', 'access-control-max-age': preflightAgeS })
  const asked = headers['access-control-request-headers']
  // clients name headers of their own (x-stainless-…): what is let in is the page, not the header
  if (asked !== undefined && /^[\w!#$%&'*+.^`|~-]+(?: *, *[\w!#$%&'*+.^`|~-]+)*$/.test(asked)) {
    reply.header('access-control-allow-headers', asked)
  }
  if (headers['access-control-request-private-network'] === 'true') reply.header('access-control-allow-private-network', 'true')
  reply.header('vary', 'Origin, Access-Control-Request-Headers, Access-Control-Request-Private-Network')
  return reply.code(204).send()
}

function refusedHost(host: string): BridgeError {
  return new BridgeError(
    'origin_not_allowed',
    `Without API_KEYS this server answers to local names only, not to \`${host.slice(0, 100)}\` (see \`Host\`): add the name to ALLOWED_HOSTS.`,
  )
}

function refusedOrigin(origin: string): BridgeError {
  const what = origin === 'null' ? 'a page without an origin (`null`)' : `pages of \`${origin.slice(0, 100)}\``
  return new BridgeError('origin_not_allowed', `This server takes no requests of ${what}: ALLOWED_ORIGINS names further origins.`)
}
