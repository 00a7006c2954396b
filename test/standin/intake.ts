/** Takes one HTTP request in: reads the body, writes the record, follows the connection to its end. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from './exchange.js'
import { newId } from './ids.js'
import { now, type RecordedRequest } from './record.js'
import type { MessagesRequest } from './request.js'

export interface Intake {
  exchange: Exchange
  /** false where the body was no JSON object */
  readable: boolean
}

/** @returns undefined where the client went away before its request was complete */
export async function takeIn(request: IncomingMessage, response: ServerResponse): Promise<Intake | undefined> {
  const startedAt = now()
  const bytes = await readBody(request)
  if (bytes === undefined) return undefined
  const parsed = parse(bytes)
  const url = new URL(request.url ?? '/', 'http://stand-in')
  const connection = new AbortController()
  const record: RecordedRequest = {
    at: new Date(startedAt).toISOString(),
    method: request.method ?? '',
    path: url.pathname,
    query: url.search,
    headers: request.headers,
    body: parsed ?? {},
    bytes: bytes.length,
    closed: false,
    deltas: 0,
    status: undefined,
    startedAt,
    endedAt: undefined,
    ended: new Promise((resolve) => response.once('close', resolve)),
  }
  // a write that meets a closed connection; the signal below ends the exchange
  response.on('error', () => undefined)
  let ours = false
  const endIsOurs = () => {
    ours = true
  }
  response.once('close', () => {
    record.closed = !response.writableFinished && !ours
    record.endedAt = now()
    connection.abort()
  })
  const exchange = { record, response, requestId: newId('req'), signal: connection.signal, endIsOurs }
  return { exchange, readable: parsed !== undefined }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return undefined
  }
  return Buffer.concat(chunks)
}

function parse(bytes: Buffer): MessagesRequest | undefined {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
