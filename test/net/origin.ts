/** A server out there, that answers what a test tells it to. */
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export interface Origin {
  url: string
  port: number
  /** paths in the order they were asked for */
  asked: string[]
  /** answers whose client went away before they were whole */
  left: () => number
  on(path: string, handler: Handler): void
}

/** `address`: any of 127.0.0.0/8. */
export async function startOrigin(t: Test, address = '127.0.0.1'): Promise<Origin> {
  const handlers = new Map<string, Handler>()
  const asked: string[] = []
  let left = 0
  const server = createServer((request, response) => {
    asked.push(request.url!)
    response.once('close', () => {
      if (!response.writableFinished) left += 1
    })
    const handler = handlers.get(request.url!)
    if (handler === undefined) response.writeHead(404).end()
    else handler(request, response)
  })
  server.listen(0, address)
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${address}:${port}`,
    ...{ port, asked },
    left: () => left,
    on: (path, handler) => void handlers.set(path, handler),
  }
}

/** An answer with a body. */
export function sends(body: string | Buffer, headers: Record<string, string> = {}): Handler {
  return (_request, response) => void response.writeHead(200, headers).end(body)
}

export function redirects(to: string, status = 302): Handler {
  return (_request, response) => void response.writeHead(status, { location: to }).end('moved, and this is a secret')
}

/** A body that never ends. `everyMs`: 0 is as fast as it is taken. */
export function endless(headers: Record<string, string>, everyMs: number, piece: Buffer): Handler {
  return (_request, response) => {
    response.writeHead(200, headers)
    const more = () => {
      if (response.destroyed) return
      if (everyMs > 0) response.write(piece, () => setTimeout(more, everyMs))
      else if (response.write(piece)) setImmediate(more)
      else response.once('drain', more)
    }
    more()
  }
}
