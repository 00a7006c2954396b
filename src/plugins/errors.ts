/** What is thrown or refused on any route, as an answer in OpenAI's envelope. */
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { BridgeError, type Failure } from '../errors/catalogue.js'
import { errorBody } from '../openai/out/error-body.js'
import { sendFailure } from '../http/send-failure.js'
import { closeAfter, hasUnreadBody, linger } from '../http/linger.js'
import { unknownUrl } from '../http/unknown-url.js'
import { newRequestId } from './request-id.js'

/** What Fastify itself refuses, in our terms. */
const frameworkFailures: Record<string, (error: FastifyError) => Failure> = {
  FST_ERR_CTP_INVALID_JSON_BODY: () => ({ code: 'invalid_json', message: 'The body is not valid JSON.' }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => ({
    code: 'unsupported_media_type',
    message: 'The body has to be JSON, with `content-type: application/json`.',
  }),
  FST_ERR_CTP_BODY_TOO_LARGE: () => ({ code: 'request_too_large', message: 'The body is larger than this server takes.' }),
  FST_ERR_BAD_URL: () => ({ code: 'invalid_request', message: 'The URL is malformed.' }),
}

export function toFailure(error: FastifyError | BridgeError | Error): Failure {
  if (error instanceof BridgeError) return error.failure
  const known = 'code' in error ? frameworkFailures[error.code] : undefined
  if (known !== undefined) return known(error as FastifyError)
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
  // secure-json-parse refuses `__proto__` with a plain error of status 400
  if (error instanceof SyntaxError && status === 400) return { code: 'invalid_json', message: 'The body is not valid JSON.' }
  if (status >= 400 && status < 500) return { code: 'invalid_request', message: error.message }
  return { code: 'internal_error', message: 'The server failed while it handled this request.' }
}

/** For errors that come before any route is known, such as a broken URL. */
export function onFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { server, raw } = request
  const refusal = server.keyProblem(request)
  if (refusal !== null || hasUnreadBody(raw)) closeAfter(raw, reply.raw, server.limits)
  const failure = refusal ?? toFailure(error)
  if (failure.code === 'internal_error') request.log.error({ err: error }, 'a request failed')
  void sendFailure(reply.header('x-request-id', request.id), failure)
}

/** For bytes that are no HTTP request at all, and for requests that do not come to their end. */
export function onClientError(this: FastifyInstance, error: NodeJS.ErrnoException, socket: Socket): void {
  // an answer that is on its way cannot be followed by another
  const { _httpMessage: answering } = socket as Socket & { _httpMessage?: ServerResponse }
  if (error.code === 'ECONNRESET' || !socket.writable || answering?.headersSent === true) {
    socket.destroy()
    return
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const failure: Failure =
    status === 408
      ? { code: 'request_timeout', message: 'The request did not come in time.' }
      : { code: 'invalid_request', message: 'The request is not valid HTTP.' }
  const body = JSON.stringify(errorBody(failure))
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
      `x-request-id: ${newRequestId()}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
  linger(socket, this.limits)
}

export default fp(
  async (app) => {
    app.setErrorHandler((error: FastifyError, request, reply) => {
      const failure = toFailure(error)
      if (failure.code === 'internal_error') request.log.error({ err: error }, 'a request failed')
      if (failure.code === 'mcp_server_not_allowed') request.log.warn({ owner: request.owner, param: failure.param }, failure.message)
      return sendFailure(reply, failure)
    })
    app.setNotFoundHandler((request, reply) => {
      return sendFailure(reply, unknownUrl(request.method, request.url).failure)
    })
  },
  { name: 'errors' },
)
