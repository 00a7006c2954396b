import type { RawRequestDefaultExpression } from 'fastify'
import { withoutAzure } from './deployments.js'

/**
 * The path of a request target. One in absolute form (`GET http://name/path`) also says which host is meant, in place of the `Host`
 * header (RFC 9112, 3.2.2); `*` becomes a path that no route has.
 */
export function plainTarget(request: RawRequestDefaultExpression): string {
  const target = request.url ?? '/'
  if (target.startsWith('/')) return withoutAzure(request, target)
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target)
  if (absolute === null) return `/${target}`
  const [, authority = '', path = ''] = absolute
  request.headers.host = authority
  return withoutAzure(request, path.startsWith('/') ? path : `/${path}`)
}
