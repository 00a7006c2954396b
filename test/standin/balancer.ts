/**
 * A balancer on loopback: to the servers in turn, or by a hash of `Authorization`, so that a client finds its live conversation again.
 * Bytes pass both ways as they come. Another server is asked only where no connection was made: what a server may have begun is not repeated.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Balancer {
  url: string
  close(): Promise<void>
}

/** @param servers their URLs @throws what listening says */
export async function openBalancer(servers: readonly string[], host: string, port: number): Promise<Balancer> {
  let turn = 0
  const firstFor = ({ headers }: IncomingMessage) =>
    headers.authorization === undefined ? turn++ : createHash('sha256').update(headers.authorization).digest().readUInt32BE()
  const server = createServer((request, response) => {
    const first = firstFor(request)
    pass(
      request,
      response,
      servers.map((_, at) => servers[(first + at) % servers.length]!),
    )
  })
  // a stream may be silent for long, and a server's own limits hold behind this one
  Object.assign(server, { requestTimeout: 0, headersTimeout: 60_000, timeout: 0 })
  server.listen(port, host)
  await once(server, 'listening')
  const { port: own } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${own}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function pass(request: IncomingMessage, response: ServerResponse, [server, ...others]: string[]): void {
  if (server === undefined) {
    response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' })
    response.end(JSON.stringify({ error: { message: 'No server answers.', type: 'server_error', code: 'no_server' } }))
    return
  }
  const { method, url, headers } = request
  // a connection of its own: one that is kept may be closed by the server at the moment of the next request
  const onward = ask(server + url, { method: method!, headers, agent: false })
  const leave = () => onward.destroy()
  response.once('close', leave)
  onward.once('error', (error: NodeJS.ErrnoException) => {
    response.off('close', leave)
    if (error.code === 'ECONNREFUSED' && !response.destroyed) pass(request, response, others)
    // in the middle: the client is to see that it broke off
    else response.destroy()
  })
  // the body may come much later
  onward.flushHeaders()
  onward.once('socket', (socket) => {
    // nothing of the body is taken before, so that it is whole for the next server
    socket.setNoDelay(true)
    socket.once('connect', () => request.pipe(onward))
  })
  onward.once('response', (answer) => {
    response.writeHead(answer.statusCode!, answer.statusMessage, answer.rawHeaders)
    response.flushHeaders()
    answer.once('error', () => response.destroy())
    answer.once('aborted', () => response.destroy())
    answer.pipe(response)
  })
}
