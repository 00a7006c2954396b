/**
 * JSON bodies, and no others: what a page of another site may post without asking (`text/plain`, forms) is refused by
 * its type. An empty body counts as none, as many clients name the type of a body that they do not send.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { BridgeError } from '../errors/catalogue.js'
import { BodyRoom } from '../http/body-room.js'
import { codingOf, decoded, decodingProblem } from '../http/content-coding.js'
import { sendContinue } from '../http/expect.js'
import type { HttpLimits } from '../http/limits.js'
import { unknownUrl } from '../http/unknown-url.js'
import { type Body, readBody, tooLarge } from '../http/read-body.js'
import { isJson } from '../request/is-json.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** the JSON of the body, until it is taken */
    bodyText: string | undefined
    /** milliseconds that the client has taken to send the body */
    bodyMs: number
  }
}

export default fp(
  async (app, { limits }: { limits: HttpLimits }) => {
    app.decorateRequest('bodyText', undefined)
    app.decorateRequest('bodyMs', 0)
    const parse = app.getDefaultJsonParser('error', 'error')
    const room = new BodyRoom(limits.heldBytes)
    app.removeAllContentTypeParsers()
    // a route that looks at no body gets no large one
    app.addHook('onRoute', (route) => {
      if (route.schema?.body === undefined) route.bodyLimit ??= limits.smallBodyBytes
    })
    app.addHook('preParsing', async ({ is404, method, url, headers, routeOptions }) => {
      // before the body is read, which would be for nothing
      if (is404) throw unknownUrl(method, url)
      const length = Number(headers['content-length'] ?? 0)
      if (length > routeOptions.bodyLimit) throw tooLarge(routeOptions.bodyLimit)
    })
    app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
      checkCharset(request.headers)
      const coding = codingOf(request.headers['content-encoding'])
      sendContinue(request.raw)
      const begun = performance.now()
      const body = await read(payload, coding, request.routeOptions.bodyLimit)
      request.bodyMs = performance.now() - begun
      try {
        return body.length === 0 ? undefined : await parsed(request, body)
      } finally {
        body.release()
      }
    })

    async function read(payload: IncomingMessage, coding: string | null, most: number): Promise<Body> {
      if (coding === null) return readBody(payload, { ...limits, most }, room)
      const plain = decoded(payload, coding, most)
      try {
        return await readBody(plain, { ...limits, most }, room, (error) => decodingProblem(coding, error))
      } finally {
        plain.destroy()
      }
    }

    function parsed(request: FastifyRequest, body: Body): Promise<unknown> {
      return new Promise((resolve, reject) => {
        // it answers through its callback alone
        // and says the same of what is no JSON and of names that could change what every object is
        const done = (error: Error | null, value?: unknown) =>
          error === null ? resolve(value) : reject(isJson(text) ? forbiddenName() : error)
        const text = body.text()
        request.bodyText = text
        Promise.resolve(parse(request, text, done)).catch(reject)
      })
    }
  },
  { name: 'body', dependencies: ['auth'] },
)

function forbiddenName(): BridgeError {
  return new BridgeError('invalid_json', 'The body has a member `__proto__`, or a `constructor` with a `prototype`: neither is taken.')
}

/** JSON between programs is UTF-8 (RFC 8259). */
function checkCharset(headers: IncomingHttpHeaders): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new BridgeError('unsupported_media_type', 'The body has to be JSON in UTF-8.')
  }
}
