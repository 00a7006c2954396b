/** A second address of one HTTP server. */
import type { Server as HttpServer } from 'node:http'
import { type Server, createServer } from 'node:net'

/**
 * Listens on one more address and gives each connection to the HTTP server, whose limits and handlers then hold for it as for its own. It
 * takes no more connections after `close` of what it resolves with. @throws the error of `listen`, such as EADDRINUSE
 */
export function listenToo(server: HttpServer, host: string, port: number): Promise<Server> {
  // what an HTTP server's own listener has
  const further = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void server.emit('connection', socket))
  return new Promise((resolve, reject) => {
    further.once('error', reject)
    further.listen({ host, port, ipv6Only: true }, () => {
      further.off('error', reject)
      // one connection that could not be accepted is its client's trouble
      further.on('error', () => undefined)
      resolve(further)
    })
  })
}
