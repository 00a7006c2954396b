/** Who asks, of an HTTP request. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Asking } from '../intake/submit.js'
import { clientGone, connectionClosed } from './client-gone.js'

export function askingOf(request: FastifyRequest, reply: FastifyReply): Asking {
  const { id: requestId, owner, parentJob: parent, headers, body, server, span } = request
  const { publicAgent, compiler } = server
  const spentMs = () => Math.max(0, reply.elapsedTime - request.bodyMs)
  return {
    ...{ owner, parent, requestId, headers, trace: span.context, spentMs, body, publicAgent, compiler },
    gone: connectionClosed(reply),
    goneFromWait: () => clientGone(reply),
  }
}

/** The JSON of the body. Not kept: a request lives as long as its answer. */
export function takeText(request: FastifyRequest): string | undefined {
  const { bodyText } = request
  request.bodyText = undefined
  return bodyText
}
