/** One HTTP request being answered: the socket, the record, and the signal that ends every wait. */
import type { ServerResponse } from 'node:http'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { once } from 'node:events'
import type { RecordedRequest } from './record.js'

export interface Exchange {
  record: RecordedRequest
  response: ServerResponse
  requestId: string
  /** aborted when the connection closes, whoever closed it */
  signal: AbortSignal
  /** says that the end to come is ours, so that the record does not take it for the client's */
  endIsOurs: () => void
}

/** @throws AbortError when the exchange ends first */
export async function pause(exchange: Exchange, ms: number): Promise<void> {
  if (ms > 0) await setTimeout(ms, undefined, { signal: exchange.signal })
}

/** Waits for the end of the exchange. @throws AbortError then */
export async function silence(exchange: Exchange): Promise<never> {
  if (!exchange.signal.aborted) await once(exchange.signal, 'abort')
  throw exchange.signal.reason
}

/** Waits for a promise of the test. @throws AbortError when the exchange ends first */
export async function waitFor(exchange: Exchange, promise: Promise<unknown>): Promise<void> {
  await Promise.race([promise, silence(exchange)])
}

export function writeHead(exchange: Exchange, status: number, headers: Record<string, string>): void {
  exchange.record.status = status
  exchange.response.writeHead(status, { 'request-id': exchange.requestId, ...headers })
}

/**
 * Writes in pieces of `splitBytes` bytes, each in its own turn of the event loop so that nothing joins them again,
 * or in one piece. Resolves once the socket takes more.
 */
export async function write(exchange: Exchange, text: string, splitBytes = 0): Promise<void> {
  const { response, signal } = exchange
  if (splitBytes <= 0) {
    if (!response.write(text)) await once(response, 'drain', { signal })
    return
  }
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += splitBytes) {
    if (!response.write(bytes.subarray(at, at + splitBytes))) await once(response, 'drain', { signal })
    await setImmediate(undefined, { signal })
  }
}

/** A broken connection overtakes what the client has not read yet, and nobody tells us what it has read. */
const graceMs = 100

/** Ends the connection without ending the response: with a TCP reset, or with a plain close. */
export async function breakOff(exchange: Exchange, form: 'reset' | 'drop'): Promise<void> {
  const { response, signal } = exchange
  const socket = response.socket
  if (response.headersSent && socket !== null) {
    // what was written leaves the process first
    await setImmediate(undefined, { signal })
    if (socket.writableLength > 0) await once(socket, 'drain', { signal })
    await pause(exchange, graceMs)
  }
  exchange.endIsOurs()
  if (form === 'reset') socket?.resetAndDestroy()
  else socket?.destroy()
}
