/**
 * The CLI's output lines, as far as we read them. Everything is optional on purpose: we are loose on what we receive, and a
 * field that a version does not write is a case, not a crash.
 */
export interface CliMessage {
  type: string
  subtype?: string
  parent_tool_use_id?: string | null
  session_id?: string
  [key: string]: unknown
}

export interface ApiUsage {
  input_tokens?: number
  output_tokens?: number
  cache_read_input_tokens?: number
  cache_creation_input_tokens?: number
  output_tokens_details?: { thinking_tokens?: number } | null
}

/** `{"type":"stream_event","event":…}`: the Messages API's own events, passed through. */
export interface StreamEvent {
  type: string
  index?: number
  message?: { id?: string; model?: string; usage?: ApiUsage }
  content_block?: { type?: string; id?: string; name?: string }
  delta?: { type?: string; text?: string; thinking?: string; partial_json?: string; stop_reason?: string | null }
  usage?: ApiUsage
}

export interface AssistantMessage extends CliMessage {
  type: 'assistant'
  /** set on the CLI's own words about a failure, which are no model text */
  error?: string
  api_error_status?: number | null
  message?: { id?: string; model?: string; content?: { type?: string; text?: string }[] }
}

export interface ApiRetry extends CliMessage {
  retry_delay_ms?: number
  error_status?: number | null
  error?: string
}

export interface RateLimitEvent extends CliMessage {
  rate_limit_info?: { status?: string; resetsAt?: number }
}

export interface ResultMessage extends CliMessage {
  type: 'result'
  is_error?: boolean
  api_error_status?: number | null
  result?: string
  /** where a schema was asked for and satisfied */
  structured_output?: unknown
  errors?: string[]
  stop_reason?: string | null
  terminal_reason?: string
  usage?: ApiUsage
  modelUsage?: Record<string, unknown>
  total_cost_usd?: number
}
