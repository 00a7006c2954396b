/** Who asks: a bearer key of `API_KEYS`, or anybody where none is set. A route with `config: { public: true }` asks nobody. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { anonymous } from '../api-keys.js'
import type { ApiKey } from '../config.js'
import { BridgeError } from '../errors.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** name of the API key, or `anonymous`; jobs belong to it */
    owner: string
  }
  interface FastifyContextConfig {
    public?: boolean
  }
}

export default fp(async (app, { apiKeys }: { apiKeys: readonly ApiKey[] }) => {
  const known = apiKeys.map(({ name, key }) => ({ name, digest: digest(key) }))
  app.decorateRequest('owner', anonymous)
  if (known.length === 0) return
  app.addHook('onRequest', async (request) => {
    if (request.is404 || isPublic(request)) return
    const given = /^Bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given === undefined) throw new BridgeError('invalid_api_key', 'An API key is needed: `Authorization: Bearer <key>`.')
    const owner = ownerOf(given, known)
    if (owner === null) throw new BridgeError('invalid_api_key', 'This API key is not known here.')
    request.owner = owner
  })
})

/** Compares with every key, in the same time whichever matches. */
function ownerOf(given: string, known: { name: string; digest: Buffer }[]): string | null {
  const asked = digest(given)
  let owner: string | null = null
  for (const entry of known) if (timingSafeEqual(asked, entry.digest)) owner = entry.name
  return owner
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** The documentation's pages come from a plugin that has no `config` to set. */
function isPublic({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.public === true || /^\/docs(\/|$)/.test(routeOptions.url ?? '')
}
