/** One POST of the Streamable HTTP transport, in the web's own types: a JSON-RPC message in, a response out. */
import { randomUUID } from 'node:crypto'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js'
import { BridgeError } from '../../src/errors/catalogue.js'
import { type ServerSetup, createServer } from './server.js'

export const sessionHeader = 'mcp-session-id'
const versionHeader = 'mcp-protocol-version'

export interface Post extends ServerSetup {
  /** parsed */
  body: unknown
  accept: string | undefined
  protocolVersion: string | undefined
  /** a comment in a stream this often where nothing else is said, in milliseconds */
  keepAliveMs: number
  /** aborted when the client has gone: its calls are cancelled */
  gone: AbortSignal
}

/**
 * A client that names `text/event-stream` in `Accept` gets a stream, with progress in it; another one JSON.
 *
 * @throws BridgeError invalid_request for what is no message of MCP
 */
export async function answerPost(post: Post): Promise<Response> {
  const { body, accept, protocolVersion, keepAliveMs, gone } = post
  const stream = accept?.includes('text/event-stream') === true
  const server = createServer(post)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: !stream, keepAliveMs })
  await server.connect(transport)
  const left = new Promise<never>((_, reject) => {
    const leave = () => {
      // the client has left
      server.close().catch(() => undefined)
      reject(new BridgeError('cancelled', 'The client has gone.'))
    }
    if (gone.aborted) leave()
    else gone.addEventListener('abort', leave, { once: true })
  })
  left.catch(() => {})
  // the transport looks at nothing else of a request
  const request = new Request('http://localhost/mcp', {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...(protocolVersion === undefined ? {} : { [versionHeader]: protocolVersion }),
    },
  })
  const response = await Promise.race([transport.handleRequest(request, { parsedBody: body }), left])
  if (response.status >= 400) throw new BridgeError('invalid_request', await reasonOf(response))
  if (isInitializeRequest(body)) response.headers.set(sessionHeader, randomUUID())
  return response
}

/** The transport's own errors are messages of JSON-RPC. */
async function reasonOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { message: string } }
  return error.message
}

/** The session that a request names. @throws BridgeError invalid_value for what cannot be one */
export function readSession(header: string | string[] | undefined): string | null {
  if (header === undefined) return null
  if (typeof header === 'string' && /^[\x21-\x7e]{1,200}$/.test(header)) return header
  throw new BridgeError('invalid_value', `${sessionHeader} is no session of this server.`, { param: sessionHeader })
}
