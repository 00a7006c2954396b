import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { safeHeaders } from './header-value.js'
import { tellRates } from './rate-headers.js'

/** Takes a reply out of Fastify's hands and sends its status 200 and headers now; the rest is written to what is returned. */
export function writeHead(reply: FastifyReply, headers: OutgoingHttpHeaders): ServerResponse {
  const { raw } = reply
  tellRates(reply)
  reply.hijack()
  // a write after the client has gone; its 'close' tells the story
  raw.on('error', () => {})
  raw.writeHead(200, safeHeaders({ ...(reply.getHeaders() as OutgoingHttpHeaders), ...headers }))
  return raw
}
