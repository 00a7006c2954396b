/** Who asks, of an HTTP request. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Asking } from '../intake/submit.js'
import { clientGone } from './client-gone.js'

export function askingOf(request: FastifyRequest, reply: FastifyReply): Asking {
  const { id, owner, headers, body, server } = request
  return { owner, requestId: id, headers, body, publicAgent: server.publicAgent, compiler: server.compiler, gone: clientGone(reply) }
}

/** The JSON of the body. Not kept: a request lives as long as its answer. */
export function takeText(request: FastifyRequest): string | undefined {
  const { bodyText } = request
  request.bodyText = undefined
  return bodyText
}
