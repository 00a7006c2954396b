/**
 * An MCP server whose tools have long descriptions: `node texts-server.js` over standard input and output, {@link startTextsServer} over
 * HTTP (`json`: one body, `stream`: server-sent events, `sse`: the transport before that).
 */
import { type IncomingHttpHeaders, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { longTexts } from './long-texts.js'

interface Rpc {
  id?: number
  method: string
  params?: { protocolVersion?: string; name?: string }
}

export const longResult = 'r'.repeat(60_000)

function answer({ method, params }: Rpc): object {
  if (method === 'initialize') {
    const { protocolVersion } = params ?? {}
    return {
      protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'texts', version: '1' },
      instructions: 'Be kind.\n\nAlways.',
    }
  }
  if (method === 'tools/call') return { content: [{ type: 'text', text: longResult }] }
  const tools = Object.entries(longTexts).map(([name, description]) => {
    return { name, description, inputSchema: { type: 'object', properties: { of: { type: 'string', description } } } }
  })
  return { tools }
}

export interface TextsServer {
  url: string
  /** headers of every request so far */
  heads: IncomingHttpHeaders[]
  close(): void
}

/** `/moved?to=…&status=…` redirects; any other path is the server's. */
export async function startTextsServer(kind: 'json' | 'stream' | 'sse'): Promise<TextsServer> {
  const heads: TextsServer['heads'] = []
  /** of the old transport: every answer goes there */
  let events: ServerResponse | undefined
  const server = createServer((request, response) => {
    heads.push(request.headers)
    const { pathname, searchParams } = new URL(request.url!, 'http://texts')
    const to = pathname === '/moved' ? searchParams.get('to') : null
    if (to !== null) {
      request.resume()
      return void response.writeHead(Number(searchParams.get('status') ?? 307), { location: to }).end()
    }
    if (request.method === 'GET' && kind === 'sse') {
      events = response.writeHead(200, { 'content-type': 'text/event-stream' })
      return void events.write('event: endpoint\ndata: /messages?session=one\n\n')
    }
    if (request.method !== 'POST') return void response.writeHead(405).end()
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const rpc = JSON.parse(body) as Rpc
      const text = JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: answer(rpc) })
      const event = `event: message\ndata: ${text}\n\n`
      if (rpc.id === undefined || kind === 'sse') {
        response.writeHead(202).end()
        if (rpc.id !== undefined) events?.write(event)
        return
      }
      const head = { 'mcp-session-id': 'one', 'content-type': kind === 'json' ? 'application/json' : 'text/event-stream' }
      response.writeHead(200, head).end(kind === 'json' ? text : event)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/mcp`, heads, close: () => void server.close().closeAllConnections() }
}

if (process.argv[1] === import.meta.filename) {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const rpc = JSON.parse(line) as Rpc
    if (rpc.id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id: rpc.id, result: answer(rpc) }))
  })
}
