/** The one place where a failure becomes an HTTP answer: OpenAI's envelope, and what a client's retry should know. */
import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import { type Failure, catalogue } from '../errors/catalogue.js'
import { errorBody } from '../openai/out/error-body.js'
import { told } from './rate-headers.js'

/** A longer wait than this is ignored by SDKs, which then ask again at once. */
const longestHonouredWaitS = 60

/** Status, headers and body of a failure. */
export function sendFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  const { status } = catalogue[failure.code]
  reply.code(status)
  if (failure.headers !== undefined) reply.headers(told(reply.getHeaders() as OutgoingHttpHeaders, failure.headers))
  if (failure.retryAfter !== undefined) reply.header('retry-after', String(failure.retryAfter))
  if (failure.code === 'invalid_api_key') reply.header('www-authenticate', 'Bearer')
  // what SDKs retry by themselves would start the CLI again, where no time was named after which that can help
  const retried = status === 409 || status === 429 || status >= 500
  const hopeless = failure.retryAfter === undefined || failure.retryAfter > longestHonouredWaitS
  if (retried && hopeless) reply.header('x-should-retry', 'false')
  return reply.type('application/json; charset=utf-8').send(errorBody(failure))
}
