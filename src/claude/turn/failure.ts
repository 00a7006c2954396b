/**
 * Why a run failed, from the fields the CLI gives and never from the words of a text: `assistant.error`, the API's status,
 * the result's `terminal_reason` (docs/cli-protocol.md).
 */
import type { ErrorCode, Failure } from '../../errors/catalogue.js'
import { redact } from '../../redact.js'
import { credentialHint, credentialName } from '../credential-hint.js'
import type { CredentialKind } from '../process/environment.js'

export interface Symptoms {
  /** the CLI's category, such as `rate_limit`; null where it gave none */
  category: string | null
  /** HTTP status of the model's API; null where there was no answer */
  status: number | null
  terminalReason: string | null
  /** the CLI's words */
  text: string
  /** something of the answer had been passed on */
  contentSeen: boolean
  /** milliseconds the CLI was going to wait before it asked again; null where it was not */
  retryDelayMs: number | null
  /** how often the API has refused, by the CLI's own count; 0 where it did not say */
  refusals: number
  /** Unix seconds at which a rejected subscription limit opens again */
  limitResetsAt: number | null
  /** the model's name as it was asked for */
  model: string
  /** which one the CLI uses */
  credential: CredentialKind
}

/**
 * The CLI waits out a `retry-after` of up to 60 s and gives up at once on a longer one without saying how long it is, so this
 * is the least that is known then.
 */
const beyondCliPatienceS = 61

export function classify(symptoms: Symptoms): Failure {
  const cause = codeOf(symptoms)
  // whatever became of the upstream, half an answer is out
  const code = symptoms.contentSeen && upstreamTrouble.includes(cause) ? 'upstream_interrupted' : cause
  const failure: Failure = { code, message: messageOf(code, symptoms) }
  const retryAfter = retryAfterOf(code, symptoms)
  if (retryAfter !== null) failure.retryAfter = retryAfter
  if (code === 'model_not_found') failure.param = 'model'
  if (code === 'context_length_exceeded') failure.param = 'messages'
  return failure
}

const upstreamTrouble: ErrorCode[] = ['server_is_overloaded', 'upstream_error', 'upstream_timeout', 'upstream_unreachable']

function codeOf({ category, status, terminalReason, limitResetsAt }: Symptoms): ErrorCode {
  if (terminalReason === 'prompt_too_long') return 'context_length_exceeded'
  switch (category) {
    case 'billing_error':
      return 'insufficient_quota'
    case 'oauth_org_not_allowed':
      return 'upstream_forbidden'
    case 'authentication_failed':
      if (status === null) return 'claude_not_authenticated'
      return status === 403 ? 'upstream_forbidden' : 'upstream_auth'
    case 'model_not_found':
      return 'model_not_found'
    case 'rate_limit':
      return limitResetsAt === null ? 'rate_limit_exceeded' : 'insufficient_quota'
    case 'overloaded':
      return 'server_is_overloaded'
    default:
      return status === null ? 'upstream_unreachable' : codeOfStatus(status)
  }
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'upstream_auth'
  if (status === 403) return 'upstream_forbidden'
  if (status === 404) return 'model_not_found'
  if (status === 413) return 'request_too_large'
  if (status === 429) return 'rate_limit_exceeded'
  if (status === 504) return 'upstream_timeout'
  if (status === 503 || status === 529) return 'server_is_overloaded'
  return status >= 500 ? 'upstream_error' : 'upstream_invalid_request'
}

function retryAfterOf(code: ErrorCode, { retryDelayMs, limitResetsAt }: Symptoms): number | null {
  // a limit that was met before does not say when another trouble is over
  if (code === 'insufficient_quota' && limitResetsAt !== null) return Math.max(1, Math.ceil(limitResetsAt - Date.now() / 1000))
  if (code === 'server_is_overloaded') return Math.max(1, Math.round((retryDelayMs ?? 5000) / 1000))
  if (code !== 'rate_limit_exceeded') return null
  // the CLI adds up to a fifth to a long wait, and a client ignores what is over a minute
  if (retryDelayMs !== null) return Math.min(60, Math.max(1, Math.round(retryDelayMs / 1000)))
  return beyondCliPatienceS
}

/** The API's own words where there are any, and how often it was asked for them. */
function messageOf(code: ErrorCode, symptoms: Symptoms): string {
  const words = wordsOf(code, symptoms)
  const { refusals } = symptoms
  return refusals < 2 || code === 'upstream_interrupted' ? words : `${words.replace(/\.$/, '')} (asked ${refusals} times).`
}

function wordsOf(code: ErrorCode, { text, status, category, model, credential }: Symptoms): string {
  const said = saidBy(text)
  const how = [status ?? 'no status', ...(category === null ? [] : [category])].join(', ')
  switch (code) {
    case 'claude_not_authenticated':
      return `${credential === 'login' ? 'The Claude CLI is not logged in' : `The Claude CLI cannot use ${credentialName(credential)}`}: ${credentialHint(credential)}.`
    case 'upstream_auth':
      return `The model's API refused ${credentialName(credential)} (${said === '' ? how : said}). To mend it, ${credentialHint(credential)}.`
    case 'model_not_found':
      return `The model \`${model}\` does not exist or this account may not use it.`
    case 'upstream_unreachable':
      return `The model's API could not be reached or gave no answer${said === '' ? '.' : `: ${said}`}`
    case 'upstream_interrupted':
      return `The model's answer broke off: ${said || 'the stream ended before the answer was complete'}`
    default:
      return said === '' ? `The model's API failed (${how}).` : said
  }
}

/** The API's own words; empty where the CLI gives the status alone. */
function saidBy(text: string): string {
  const said = redact(text.replace(/^(?:Failed to authenticate\. )?API Error:/, '').trim())
  return /^\d{3}\b[\s:·.]*$/.test(said) ? '' : said
}
