/**
 * Whether a client is still there. A client that has closed its side of the connection may be gone or may still read (`nc -N`): nothing that
 * comes in tells which. So an answer that is at hand goes out to both; one that a job has to be waited for counts such a client as gone, as
 * nginx does, since a job whose client has left must not run on.
 */
import type { Server } from 'node:http'
import type { FastifyReply } from 'fastify'

/** Has answers go out to clients that have closed their side; by itself Node drops them. It has no other name for this (`_http_server.js`). */
export function answerHalfClosed(server: Server): void {
  Object.assign(server, { httpAllowHalfOpen: true })
}

/** Aborted when the connection was closed before the client had its whole answer. For what takes no time worth the word. */
export function connectionClosed({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  if (raw.destroyed || raw.socket?.destroyed) controller.abort()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}

/** The same, and the connection is closed where the client has closed its side: for what waits. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const { raw } = reply
  const { socket } = raw
  const leave = () => void socket?.destroy()
  if (socket?.readableEnded) leave()
  socket?.once('end', leave)
  raw.once('close', () => socket?.off('end', leave))
  return connectionClosed(reply)
}
