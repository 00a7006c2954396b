/**
 * Ends the connection after an answer to a request that was not read to its end. A server that closes a connection with unread bytes makes
 * the kernel send a reset, and the reset can take the answer away from its reader. So: the answer and the end of the stream go out, what
 * still comes in is dropped unparsed for a short time, and only then the connection is closed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpLimits } from './limits.js'

const ending = new WeakSet<Socket>()

/** Whether a request brings a body that has not come in whole. */
export function hasUnreadBody({ headers, complete }: IncomingMessage): boolean {
  if (complete) return false
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** Has the connection closed after this answer. Call it before the answer's headers go out. */
export function closeAfter(request: IncomingMessage, response: ServerResponse, limits: Pick<HttpLimits, 'lingerBytes' | 'lingerMs'>): void {
  const { socket } = request
  if (!response.headersSent) response.setHeader('connection', 'close')
  if (ending.has(socket)) return
  ending.add(socket)
  // Node calls this once the answer has been handed to the kernel
  socket.destroySoon = () => linger(socket, limits)
}

/** A request behind one whose answer ends the connection: it can have no answer, and must not be worked at. */
export function isBehindTheLast(request: IncomingMessage): boolean {
  return ending.has(request.socket)
}

/** Ends the connection; what still comes in is dropped for a short time, and then the connection is closed. */
export function linger(socket: Socket, { lingerBytes, lingerMs }: Pick<HttpLimits, 'lingerBytes' | 'lingerMs'>): void {
  if (socket.destroyed) return
  socket.end()
  let left = lingerBytes
  // in place of the HTTP parser, which would go on with the requests behind
  socket.removeAllListeners('data')
  socket.on('data', (bytes: Buffer) => {
    left -= bytes.length
    if (left < 0) socket.destroy()
  })
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
