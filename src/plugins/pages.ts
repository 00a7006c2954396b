/** What browsers may do with this server's pages: no other site may frame them, and nothing runs in them that they did not bring. */
import fp from 'fastify-plugin'

/** The page of `/docs`: scripts and styles are files of its own; it draws icons from `data:` URLs and asks this server only. */
export const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const strictPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export default fp(
  async (app) => {
    app.addHook('onSend', async (request, reply) => {
      const isDocs = request.routeOptions.url?.startsWith('/docs') === true
      if (!isDocs && !/^text\/html/i.test(String(reply.getHeader('content-type') ?? ''))) return
      if (reply.getHeader('content-security-policy') === undefined) {
        reply.header('content-security-policy', isDocs ? docsPolicy : strictPolicy)
      }
      reply.headers({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    })
  },
  { name: 'pages' },
)
