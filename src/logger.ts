/**
 * The server's log: lines of JSON, readable text on a terminal. What clients and models have written is in no line, nor is a key: headers
 * are blanked, a URL has no query, and of an error only what it is made of is written, without the text that it quotes.
 */
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import type { Config } from './config.js'
import { withoutKeys, withoutTokens } from './redact.js'

/** A job's token may come back in the words of a program that was given it. */
const hooks = { streamWrite: withoutTokens }

/** `destination`: where the lines go; left out: standard output. */
export function createLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    hooks,
    serializers: { req: requestOf, err: errorOf },
    redact: { paths: secretHeaders.flatMap(placesOf), censor: '[redacted]' },
  }
  if (destination !== undefined) return pino(options, destination)
  if (!process.stdout.isTTY) return pino(options)
  return pino({ ...options, transport: { target: 'pino-pretty', options: { translateTime: 'HH:MM:ss', ignore: 'pid,hostname' } } })
}

/** Of requests and of responses. */
const secretHeaders = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'api-key',
  'idempotency-key',
  'mcp-session-id',
  'webhook-signature',
]

/** Where a line that has headers has them; named one by one, as a wildcard would be looked for in every line. */
const placesOfHeaders = ['', 'headers', ...['req', 'res', 'request', 'response', 'err'].map((object) => `${object}.headers`)]

/** No line of ours has headers. This is for one that is added later, or that a library writes. */
function placesOf(header: string): string[] {
  return placesOfHeaders.map((at) => `${at}["${header}"]`)
}

interface LoggedRequest {
  method?: string
  url?: string
  host?: string
  ip?: string
  socket?: { remotePort?: number | undefined }
}

function requestOf({ method, url, host, ip, socket }: LoggedRequest) {
  return { method, url: url?.split(/[?#]/, 1)[0], host, remoteAddress: ip, remotePort: socket?.remotePort }
}

interface LoggedError {
  type: string
  message: string
  code?: string
  stack?: string
  cause?: LoggedError
}

/** Other members of an error may be anything: the body of an answer, the environment of a process. */
function errorOf(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: plain(String(error)) }
  const { code, cause, stack } = error as NodeJS.ErrnoException & { cause?: unknown }
  return {
    type: error.name,
    message: plain(error.message),
    ...(typeof code === 'string' && { code }),
    ...(stack !== undefined && { stack: plain(stack) }),
    ...(cause !== undefined && depth < longestChain && { cause: errorOf(cause, depth + 1) }),
  }
}

const longestChain = 5
const longestText = 4000

/** Without keys, queries, and the piece of a text that `JSON.parse` quotes. */
function plain(text: string): string {
  return withoutKeys(text.slice(0, longestText))
    .replace(/"[^]*" ?(?:\.{3})? ?is not valid JSON/g, '"…" is not valid JSON')
    .replace(/(\/[^\s?"'`]*)\?[^\s"'`)]*/g, '$1?…')
}
