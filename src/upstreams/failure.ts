/** Why a provider's call failed: the code from statuses, codes and types, never from the words of a message; the words are passed on. */
import { BridgeError, type ErrorCode, type Failure } from '../errors/catalogue.js'
import { memberOf, textAt } from './loose.js'
import { errorIn, reasonOf } from './reason.js'

/** Of an answer with a status of its own. `body` is its text. */
export function failureOfStatus(
  provider: string,
  status: number,
  body: string,
  headers: Record<string, string | string[] | undefined>,
): Failure {
  const json = parsed(body)
  const error = errorIn(json)
  const code = codeOfWords(error) ?? codeOfStatus(status, typeof json === 'object' && json !== null)
  const failure: Failure = { code: status >= 500 ? codeOfStatus(status, true) : code, message: '' }
  failure.message = messageOf(failure.code, provider, `status ${status}`, json)
  const retryAfter = retryAfterOf(headers)
  if (retryAfter !== null) failure.retryAfter = retryAfter
  addParam(failure, error)
  return failure
}

/** Of an error object in the middle of a stream, or in an answer that says 200. */
export function failureOfError(provider: string, error: unknown): Failure {
  const status = Number(memberOf(error, 'code') ?? memberOf(error, 'status'))
  const byStatus = status >= 400 && status < 600 ? codeOfStatus(status, true) : 'upstream_error'
  const code = codeOfWords(error) ?? byStatus
  const failure: Failure = { code, message: messageOf(code, provider, 'an error', error) }
  addParam(failure, error)
  return failure
}

/** Whether an error is a fault of this program: those of connections have a code, and our own words for a failure are a BridgeError. */
export function isOurs(error: unknown, signal: AbortSignal): boolean {
  return !signal.aborted && !(error instanceof BridgeError) && textAt(error, 'code') === null
}

/** Of a connection. `begun`: the answer had begun; `said`: something of it was passed on. */
export function failureOfConnection(provider: string, error: unknown, begun: boolean, said: boolean): Failure {
  const code = textAt(error, 'code') ?? 'unknown'
  if (said) return { code: 'upstream_interrupted', message: `${provider}'s answer broke off (${code}).` }
  if (timeouts.includes(code)) return { code: 'upstream_timeout', message: `${provider} took too long (${code}).` }
  if (begun) return { code: 'upstream_interrupted', message: `${provider}'s answer broke off (${code}).` }
  return { code: 'upstream_unreachable', message: `${provider} could not be reached (${code}).` }
}

const timeouts = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']

const trouble: ErrorCode[] = ['server_is_overloaded', 'upstream_error', 'upstream_timeout', 'upstream_unreachable']

/** Whatever became of the provider, half an answer is out. */
export function afterContent(failure: Failure): Failure {
  return trouble.includes(failure.code) ? { ...failure, code: 'upstream_interrupted' } : failure
}

/** `isJson`: the answer is one of an API, and not of something else that happens to be at that address. */
function codeOfStatus(status: number, isJson: boolean): ErrorCode {
  switch (status) {
    case 401:
      return 'upstream_auth'
    case 402:
      return 'insufficient_quota'
    case 403:
      return 'upstream_forbidden'
    case 404:
      return isJson ? 'model_not_found' : 'upstream_error'
    case 408:
    case 504:
    case 524:
      return 'upstream_timeout'
    case 413:
      return 'request_too_large'
    case 429:
      return 'rate_limit_exceeded'
    case 503:
    case 529:
      return 'server_is_overloaded'
    default:
      return status >= 400 && status < 500 ? 'upstream_invalid_request' : 'upstream_error'
  }
}

const words: Record<string, ErrorCode> = {
  context_length_exceeded: 'context_length_exceeded',
  insufficient_quota: 'insufficient_quota',
  billing_error: 'insufficient_quota',
  rate_limit_exceeded: 'rate_limit_exceeded',
  rate_limit_error: 'rate_limit_exceeded',
  overloaded_error: 'server_is_overloaded',
  server_is_overloaded: 'server_is_overloaded',
  model_not_found: 'model_not_found',
  invalid_api_key: 'upstream_auth',
  authentication_error: 'upstream_auth',
  permission_error: 'upstream_forbidden',
  invalid_request_error: 'upstream_invalid_request',
}

/** The code says more than the type, which is `invalid_request_error` for nearly everything. */
function codeOfWords(error: unknown): ErrorCode | null {
  const [code, type] = [textAt(error, 'code'), textAt(error, 'type')]
  if (code !== null && Object.hasOwn(words, code)) return words[code]!
  return type !== null && type !== 'invalid_request_error' && Object.hasOwn(words, type) ? words[type]! : null
}

function messageOf(code: ErrorCode, provider: string, what: string, error: unknown): string {
  // its words may hold a part of the key
  if (code === 'upstream_auth') return `${provider} refused the bridge's key (${what}).`
  const said = reasonOf(error)
  return said === null ? `${provider} failed (${what}).` : `${provider}: ${said}`
}

function addParam(failure: Failure, error: unknown): void {
  if (failure.code === 'model_not_found') failure.param = 'model'
  const param = textAt(error, 'param')
  if (param !== null && /^[\w.[\]-]{1,200}$/.test(param)) failure.param = param
}

/** Whole seconds, from `retry-after-ms` or `retry-after` (seconds, or a date). */
function retryAfterOf(headers: Record<string, string | string[] | undefined>): number | null {
  const ms = Number(headers['retry-after-ms'] ?? Number.NaN)
  const text = String(headers['retry-after'] ?? '')
  const seconds = Number.isFinite(ms) ? ms / 1000 : /^\d+(\.\d+)?$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.min(86_400, Math.max(1, Math.ceil(seconds))) : null
}

/** The text itself where it is no JSON. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}
