/** What the stand-in can be told to answer: plain data, made by the small builders in `blocks.ts` and `failures.ts`. */
import type { RecordedRequest } from './record.js'

export type StopReason =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'refusal'
  | 'model_context_window_exceeded'

/** A tool by its exact name, or the tool of the request that goes by that name once a prefix like `mcp__x__` is off. */
export type ToolName = string | { offered: string }

export type ReplyBlock =
  | { type: 'text'; deltas: readonly string[] }
  | { type: 'thinking'; deltas: readonly string[]; signature: string }
  | { type: 'redacted_thinking'; data: string }
  /** `fragments` joined are the input's JSON; without an id each answer gets a fresh one */
  | { type: 'tool_use' | 'server_tool_use'; id: string | undefined; name: ToolName; fragments: readonly string[] }
  /** any other block: as it stands in `content_block_start`, then its deltas, and whole where nothing is streamed */
  | { type: 'raw'; start: Record<string, unknown>; deltas: readonly Record<string, unknown>[] }

/** All times in milliseconds; 0 or absent: at once. */
export interface Pace {
  /** before the HTTP status and headers */
  headersDelayMs?: number
  /** between `message_start` and the first delta */
  firstTokenDelayMs?: number
  /** before each further delta */
  tokenDelayMs?: number
  /** a `ping` event as often as this whenever nothing else is sent */
  pingEveryMs?: number
}

/** The API's usage object; what is absent is counted (one token a word) or 0. */
export interface UsageFields {
  input_tokens?: number
  output_tokens?: number
  cache_read_input_tokens?: number
  cache_creation_input_tokens?: number
  cache_creation?: { ephemeral_5m_input_tokens?: number; ephemeral_1h_input_tokens?: number }
  output_tokens_details?: { thinking_tokens?: number }
  server_tool_use?: Record<string, number>
  service_tier?: string
}

/** The error object of the API, as in a body and in an `error` event. */
export interface ApiError {
  type: string
  message: string
}

/**
 * How a stream breaks:
 * - `eof`: the HTTP response ends properly, the message does not
 * - `drop`: the connection is closed inside the response (FIN)
 * - `reset`: the same with a TCP reset
 * - `error-event`: an SSE `error` event, then the end
 * - `hang`: nothing more (pings, if the pace has them) until the client goes away
 *
 * Before `drop` and `reset` there are 100 ms, because clients throw away what they have not read by then. A slow one
 * needs more: see `until`.
 */
export type CutForm = 'eof' | 'drop' | 'reset' | 'error-event' | 'hang'

export interface Cut {
  form: CutForm
  /**
   * a number: right after that many content deltas, 0 being right after `message_start`, and before `message_delta` at
   * the latest; a name: before the first event of that type
   */
  at: number | 'content_block_start' | 'content_block_stop' | 'message_delta' | 'message_stop'
  /** of `error-event`; overloaded by default */
  error?: ApiError
  /** waits for the promise before it breaks, so that a test decides that the client has read enough */
  until?: Promise<unknown>
}

export interface MessageReply {
  kind: 'message'
  content: readonly ReplyBlock[]
  /** default: `tool_use` with a tool_use block in the content, else `end_turn` */
  stopReason?: StopReason
  stopSequence?: string
  /** goes into `message_delta` beside the stop reason, such as `stop_details` of a refusal */
  delta?: Record<string, unknown>
  /** default: the request's */
  model?: string
  usage?: UsageFields
  pace?: Pace
  cut?: Cut
  /** waits for the promise after that many deltas, so that a test decides when the answer goes on */
  hold?: { afterDeltas: number; until: Promise<unknown> }
  /** write the body that many bytes at a time, also inside a UTF-8 character */
  splitBytes?: number
  /** cut the text where the request's `stop_sequences` and `max_tokens` say so, as the API does */
  honourLimits?: boolean
  headers?: Record<string, string>
}

/** An HTTP response that is not a message: API errors, HTML, rubbish. */
export interface HttpReply {
  kind: 'http'
  status: number
  headers: Record<string, string>
  /** an object is sent as JSON and, where it is an API error, gets the request's id */
  body: string | Record<string, unknown>
  /** milliseconds before the status line */
  delayMs?: number
}

/** No response at all. */
export interface NoReply {
  kind: 'none'
  form: 'reset' | 'drop' | 'hang'
  /** milliseconds before the connection ends */
  delayMs?: number
}

export type Reply = MessageReply | HttpReply | NoReply

/** A reply, or what makes one from the request; it may take its time. */
export type Answer = Reply | ((request: RecordedRequest) => Reply | Promise<Reply>)
