/**
 * The log lines of HTTP requests: as Fastify writes them, but for probes. Those come every few seconds and say the same each time, so that
 * one that succeeds is at `debug`; one that fails is at `info`, with its URL, as no other line names it.
 */
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

const probes = ['/health', '/health/ready', '/metrics']

export class RequestLines extends LogController {
  override incomingRequest(request: FastifyRequest, reply: FastifyReply): void {
    if (isProbe(request)) request.log.debug({ req: request }, 'incoming request')
    else super.incomingRequest(request, reply)
  }

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    if (error != null || !isProbe(request)) return super.requestCompleted(error, request, reply)
    const level = reply.statusCode < 400 ? 'debug' : 'info'
    reply.log[level]({ req: request, res: reply, responseTime: reply.elapsedTime }, 'request completed')
  }
}

function isProbe({ routeOptions }: FastifyRequest): boolean {
  return probes.includes(routeOptions.url ?? '')
}
