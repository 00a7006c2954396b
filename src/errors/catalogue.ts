/**
 * The catalogue: every error the bridge raises, by its stable code.
 *
 * `status` is the HTTP status, `type` the `error.type` of OpenAI's envelope. `retriable` says whether the same request
 * can succeed later; where it is false the answer carries `x-should-retry: false`, because a client's blind retry would
 * start the CLI again for nothing (openai-node obeys that header).
 *
 * The `code` is what crosses layers: jobs store it, the process layer decides it from structured fields, and only
 * `plugins/errors.ts` turns it into HTTP.
 */
export const catalogue = {
  // the caller's request
  invalid_request: { status: 400, type: 'invalid_request_error', retriable: false },
  invalid_json: { status: 400, type: 'invalid_request_error', retriable: false },
  invalid_type: { status: 400, type: 'invalid_request_error', retriable: false },
  invalid_value: { status: 400, type: 'invalid_request_error', retriable: false },
  missing_required_parameter: { status: 400, type: 'invalid_request_error', retriable: false },
  unsupported_parameter: { status: 400, type: 'invalid_request_error', retriable: false },
  unsupported_value: { status: 400, type: 'invalid_request_error', retriable: false },
  invalid_function_parameters: { status: 400, type: 'invalid_request_error', retriable: false },
  invalid_json_schema: { status: 400, type: 'invalid_request_error', retriable: false },
  context_length_exceeded: { status: 400, type: 'invalid_request_error', retriable: false },
  depth_exceeded: { status: 400, type: 'invalid_request_error', retriable: false },
  invalid_configuration: { status: 400, type: 'invalid_request_error', retriable: false },
  invalid_api_key: { status: 401, type: 'invalid_request_error', retriable: false },
  admin_key_required: { status: 403, type: 'permission_error', retriable: false },
  origin_not_allowed: { status: 403, type: 'invalid_request_error', retriable: false },
  mcp_server_not_allowed: { status: 403, type: 'permission_error', retriable: false },
  model_not_found: { status: 404, type: 'invalid_request_error', retriable: false },
  key_not_found: { status: 404, type: 'invalid_request_error', retriable: false },
  file_not_found: { status: 404, type: 'invalid_request_error', retriable: false },
  task_not_found: { status: 404, type: 'invalid_request_error', retriable: false },
  method_not_allowed: { status: 405, type: 'invalid_request_error', retriable: false },
  response_not_found: { status: 404, type: 'invalid_request_error', retriable: false },
  previous_response_not_found: { status: 404, type: 'invalid_request_error', retriable: false },
  item_not_found: { status: 404, type: 'invalid_request_error', retriable: false },
  unknown_url: { status: 404, type: 'invalid_request_error', retriable: false },
  request_timeout: { status: 408, type: 'invalid_request_error', retriable: true },
  request_too_large: { status: 413, type: 'invalid_request_error', retriable: false },
  unsupported_media_type: { status: 415, type: 'invalid_request_error', retriable: false },
  task_unfinished: { status: 409, type: 'invalid_request_error', retriable: false },
  request_not_kept: { status: 410, type: 'invalid_request_error', retriable: false },
  idempotency_key_reused: { status: 422, type: 'invalid_request_error', retriable: false },

  // answers that are checked
  validation_failed: { status: 422, type: 'validation_error', retriable: false },
  human_review_required: { status: 422, type: 'validation_error', retriable: false },
  review_rejected: { status: 422, type: 'validation_error', retriable: false },
  review_expired: { status: 422, type: 'validation_error', retriable: false },
  not_waiting_for_review: { status: 409, type: 'invalid_request_error', retriable: false },
  validator_failed: { status: 500, type: 'server_error', retriable: false },

  // capacity of the bridge
  queue_full: { status: 429, type: 'rate_limit_error', retriable: true },
  server_shutdown: { status: 503, type: 'server_error', retriable: true },

  store_full: { status: 503, type: 'server_error', retriable: true },
  store_unavailable: { status: 503, type: 'server_error', retriable: true },
  log_lost: { status: 410, type: 'invalid_request_error', retriable: false },

  // the CLI and what is behind it
  claude_not_authenticated: { status: 401, type: 'authentication_error', retriable: false },
  upstream_auth: { status: 401, type: 'authentication_error', retriable: false },
  upstream_forbidden: { status: 403, type: 'permission_error', retriable: false },
  upstream_invalid_request: { status: 400, type: 'invalid_request_error', retriable: false },
  insufficient_quota: { status: 429, type: 'insufficient_quota', retriable: false },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error', retriable: true },
  server_is_overloaded: { status: 503, type: 'server_error', retriable: true },
  upstream_error: { status: 502, type: 'server_error', retriable: true },
  upstream_unreachable: { status: 502, type: 'server_error', retriable: true },
  upstream_interrupted: { status: 502, type: 'server_error', retriable: true },
  output_not_valid: { status: 502, type: 'server_error', retriable: false },
  upstream_timeout: { status: 504, type: 'server_error', retriable: true },
  claude_unavailable: { status: 503, type: 'server_error', retriable: false },
  cli_failed: { status: 502, type: 'server_error', retriable: true },
  timeout: { status: 504, type: 'server_error', retriable: false },

  // the job itself
  mcp_server_failed: { status: 502, type: 'server_error', retriable: false },
  workspace_limit_exceeded: { status: 422, type: 'invalid_request_error', retriable: false },
  cancelled: { status: 409, type: 'invalid_request_error', retriable: false },
  interrupted: { status: 503, type: 'server_error', retriable: true },
  record_unreadable: { status: 500, type: 'server_error', retriable: false },
  internal_error: { status: 500, type: 'server_error', retriable: false },
} as const satisfies Record<string, { status: number; type: string; retriable: boolean }>

export type ErrorCode = keyof typeof catalogue

/** An error as data: what a job stores and an event carries. `retryAfter` is in whole seconds. */
export interface Failure {
  code: ErrorCode
  message: string
  /** Dotted path of the request member at fault, as in `messages[0].content`. */
  param?: string
  retryAfter?: number
  /** HTTP headers of the answer: what a provider says of its rate limits. */
  headers?: Record<string, string>
}

/** A {@link Failure} as an exception, for code that has a caller to tell. */
export class BridgeError extends Error {
  override readonly name = 'BridgeError'
  readonly failure: Failure

  constructor(code: ErrorCode, message: string, more: { param?: string; retryAfter?: number; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.failure = { code, message }
    if (more.param !== undefined) this.failure.param = more.param
    if (more.retryAfter !== undefined) this.failure.retryAfter = more.retryAfter
  }
}
