import type { RawRequestDefaultExpression } from 'fastify'
import { withoutAzure } from './deployments.js'

/** What clients make of a base URL. Other paths have to be written as they are. */
const ofTheApi = /^\/(?:v1|openai|models|responses|chat)(?![^/])/

/** What lies below `/v1` and is asked for without it; `/chat/completions` has a route of its own. */
const withoutV1 = /^\/(?:models|responses)(?![^/?])|^\/chat\/completions\/[^?]/

/**
 * The path of a request target, as routes have it. One in absolute form (`GET http://name/path`) also says which host is meant, in place of
 * the `Host` header (RFC 9112, 3.2.2); `*` becomes a path that no route has.
 */
export function plainTarget(request: RawRequestDefaultExpression): string {
  const target = request.url ?? '/'
  if (target.startsWith('/')) return withoutAzure(request, plainPath(target))
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target)
  if (absolute === null) return `/${target}`
  const [, authority = '', path = ''] = absolute
  request.headers.host = authority
  return withoutAzure(request, plainPath(path.startsWith('/') ? path : `/${path}`))
}

/** Mends what comes of a base URL with a slash or a `/v1` too much, or without its `/v1`. */
function plainPath(target: string): string {
  // as nearly all are written
  if (target.startsWith('/v1/') && !target.startsWith('v1', 4) && !target.includes('//')) return target
  const end = target.indexOf('?')
  const given = end === -1 ? target : target.slice(0, end)
  const path = given.replace(/\/{2,}/g, '/').replace(/^(?:\/v1)+(?=\/v1(?:\/|$))/, '')
  if (!ofTheApi.test(path)) return target
  const query = end === -1 ? '' : target.slice(end)
  return `${withoutV1.test(path) ? '/v1' : ''}${path}${query}`
}
