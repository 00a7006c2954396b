/**
 * JSON bodies, and no others: what a page of another site may post without asking (`text/plain`, forms) is refused by
 * its type. An empty body counts as none, as many clients name the type of a body that they do not send.
 */
import fp from 'fastify-plugin'
import { BridgeError } from '../errors.js'

/** Far beyond any conversation or schema, and far below what overflows the stack of whoever goes through it. */
const maxDepth = 500

export default fp(async (app) => {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined)
    return parse(request, body as string, (error, value?: unknown) => {
      if (error !== null) return done(error)
      if (isDeeper(value, maxDepth)) {
        return done(new BridgeError('invalid_json', `The body is nested more than ${maxDepth} levels deep.`))
      }
      return done(null, value)
    })
  })
})

/** Level by level, so that it does not overflow itself. */
function isDeeper(value: unknown, levels: number): boolean {
  let level = [value].filter(isContainer)
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === levels) return true
    level = level.flatMap((container) => Object.values(container).filter(isContainer))
  }
  return false
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
