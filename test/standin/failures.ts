/** Builders of everything that goes wrong: API errors, pages that are not the API's, silence, broken streams. */
import { message, type MessageOptions } from './blocks.js'
import type { Cut, HttpReply, MessageReply, NoReply, ReplyBlock } from './reply.js'

const errorTypes: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

export interface HttpErrorOptions {
  /** default: the API's type for that status */
  type?: string
  message?: string
  headers?: Record<string, string>
  /** seconds, sent as `retry-after` */
  retryAfter?: number
  /** milliseconds before the status line */
  delayMs?: number
}

/** An error in Anthropic's shape: `{type: 'error', error: {type, message}, request_id}`. */
export function httpError(status: number, options: HttpErrorOptions = {}): HttpReply {
  const type = options.type ?? errorTypes[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
  const retryAfter: Record<string, string> = options.retryAfter === undefined ? {} : { 'retry-after': String(options.retryAfter) }
  return {
    kind: 'http',
    status,
    headers: { 'content-type': 'application/json', ...retryAfter, ...options.headers },
    body: { type: 'error', error: { type, message: options.message ?? `scripted ${type}` } },
    ...(options.delayMs === undefined ? {} : { delayMs: options.delayMs }),
  }
}

/** A page as a proxy or load balancer sends it; 200 is a captive portal. */
export function html(status: number, body?: string): HttpReply {
  return {
    kind: 'http',
    status,
    headers: { 'content-type': 'text/html' },
    body: body ?? `<html><head><title>${status}</title></head><body><h1>${status} from a proxy</h1></body></html>\n`,
  }
}

export function promptTooLong(tokens = 250_000, limit = 200_000): HttpReply {
  return httpError(400, { message: `prompt is too long: ${tokens} tokens > ${limit} maximum` })
}

export function creditTooLow(): HttpReply {
  return httpError(400, {
    message:
      'Your credit balance is too low to access the Anthropic API. ' + 'Please go to Plans & Billing to upgrade or purchase credits.',
  })
}

export function rateLimited(retryAfter?: number): HttpReply {
  const seconds = retryAfter === undefined ? {} : { retryAfter }
  return httpError(429, { message: 'This request would exceed your organization’s rate limit.', ...seconds })
}

export function overloaded(): HttpReply {
  return httpError(529, { message: 'Overloaded' })
}

/** The connection ends before the status line. */
export function resetBeforeHeaders(delayMs = 0): NoReply {
  return { kind: 'none', form: 'reset', delayMs }
}

/** Never answers; ends when the client goes away. */
export function hangBeforeHeaders(): NoReply {
  return { kind: 'none', form: 'hang' }
}

/**
 * A message whose stream breaks. Without streaming: `eof` is half a JSON body, `error-event` an HTTP 529, `hang` is
 * headers and nothing else, the others close the connection.
 */
export function cutAfter(
  at: Cut['at'],
  form: Cut['form'],
  content: string | ReplyBlock | readonly ReplyBlock[] = 'one two three four five six seven eight',
  options: MessageOptions & Pick<Cut, 'error' | 'until'> = {},
): MessageReply {
  const { error, until, ...rest } = options
  const cut: Cut = { at, form }
  if (error !== undefined) cut.error = error
  if (until !== undefined) cut.until = until
  return message(content, { ...rest, cut })
}

/** Silence after `deltas` deltas, or nothing but pings with `pingEveryMs`. */
export function hang(deltas: number, pingEveryMs = 0, content?: string): MessageReply {
  return cutAfter(deltas, 'hang', content, { pace: { pingEveryMs } })
}
