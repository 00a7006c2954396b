/** Somebody who is told how tasks end, and who behaves as a test wants it to. */
import { once } from 'node:events'
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import type { Test } from 'tap'

export interface Event {
  type: string
  timestamp: string
  data: { id: string; status: string; result: unknown; [member: string]: unknown }
}

export interface Call {
  id: string
  path: string
  event: Event
  headers: IncomingHttpHeaders
}

export interface Receiver {
  url: string
  port: number
  /** every call with a signature that holds, taken or not */
  calls: Call[]
  /** what is wrong with the others */
  wrong: string[]
  /** most calls that were open at once */
  most(): number
}

export const secret = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`

/** `behave` answers the `n`th call (from 0); left out: 204. */
export async function startReceiver(t: Test, behave?: (response: ServerResponse, n: number, call: Call) => void): Promise<Receiver> {
  const calls: Call[] = []
  const wrong: string[] = []
  const library = new Webhook(secret)
  let open = 0
  let most = 0
  const server = createServer(async (request, response) => {
    most = Math.max(most, ++open)
    response.once('close', () => (open -= 1))
    // a connection may break before its body is there
    const body = await text(request).catch(() => null)
    if (body === null) return
    try {
      const event = library.verify(body, request.headers as Record<string, string>) as Event
      const call = { id: request.headers['webhook-id'] as string, path: request.url!, event, headers: request.headers }
      const n = calls.push(call) - 1
      if (behave === undefined) response.writeHead(204).end()
      else behave(response, n, call)
    } catch (error) {
      wrong.push(String(error))
      response.writeHead(400).end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/hook`, port, calls, wrong, most: () => most }
}
