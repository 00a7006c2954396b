/** Sends a reply: the only place where scripted data meets a socket. */
import { compose } from './compose.js'
import { deliverStream } from './deliver-stream.js'
import { breakOff, pause, silence, write, writeHead, type Exchange } from './exchange.js'
import { httpError } from './failures.js'
import type { HttpReply, MessageReply, NoReply, Reply } from './reply.js'
import { wholeMessage } from './wire.js'

/** Resolves when the reply is out. @throws AbortError when the connection ends first */
export async function deliver(reply: Reply, exchange: Exchange): Promise<void> {
  if (reply.kind === 'none') return deliverNothing(reply, exchange)
  if (reply.kind === 'http') return deliverHttp(reply, exchange)
  return exchange.record.body.stream === true ? deliverStream(reply, exchange) : deliverWhole(reply, exchange)
}

async function deliverNothing(reply: NoReply, exchange: Exchange): Promise<void> {
  if (reply.form === 'hang') return silence(exchange)
  await pause(exchange, reply.delayMs ?? 0)
  await breakOff(exchange, reply.form)
}

async function deliverHttp(reply: HttpReply, exchange: Exchange): Promise<void> {
  await pause(exchange, reply.delayMs ?? 0)
  writeHead(exchange, reply.status, reply.headers)
  const { body } = reply
  const text = typeof body === 'string' ? body : JSON.stringify({ ...body, ...requestIdOf(body, exchange) })
  exchange.response.end(exchange.record.method === 'HEAD' ? undefined : text)
}

function requestIdOf(body: Record<string, unknown>, exchange: Exchange): Record<string, unknown> {
  return body['type'] === 'error' ? { request_id: exchange.requestId } : {}
}

/** Without streaming the answer comes when the last token is there. */
async function deliverWhole(reply: MessageReply, exchange: Exchange): Promise<void> {
  const message = compose(reply, exchange.record.body)
  const { headersDelayMs = 0, firstTokenDelayMs = 0, tokenDelayMs = 0 } = reply.pace ?? {}
  const deltas = message.blocks.reduce((sum, block) => sum + block.deltas.length, 0)
  await pause(exchange, headersDelayMs + firstTokenDelayMs + tokenDelayMs * Math.max(0, deltas - 1))
  const form = reply.cut?.form
  if (form === 'reset' || form === 'drop') return breakOff(exchange, form)
  if (form === 'error-event') return deliverHttp(httpError(529, reply.cut?.error ?? { message: 'Overloaded' }), exchange)
  const json = JSON.stringify(wholeMessage(message))
  writeHead(exchange, 200, { 'content-type': 'application/json', ...reply.headers })
  if (form === 'hang') {
    exchange.response.flushHeaders()
    return silence(exchange)
  }
  await write(exchange, form === 'eof' ? json.slice(0, json.length / 2) : json, reply.splitBytes)
  exchange.response.end()
}
