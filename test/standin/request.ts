/** The part of a Messages API request that the stand-in looks at; everything else is kept as it came. */

export interface RequestBlock {
  type: string
  text?: string
  /** tool_use */
  id?: string
  name?: string
  input?: unknown
  /** tool_result */
  tool_use_id?: string
  content?: string | readonly RequestBlock[]
  is_error?: boolean
  /** image and document */
  source?: { type?: string; media_type?: string; data?: string; url?: string }
  cache_control?: unknown
  [field: string]: unknown
}

export interface RequestMessage {
  role: string
  content: string | readonly RequestBlock[]
  [field: string]: unknown
}

export interface RequestTool {
  name: string
  description?: string
  input_schema?: Record<string, unknown>
  [field: string]: unknown
}

export interface MessagesRequest {
  model?: string
  max_tokens?: number
  stream?: boolean
  system?: string | readonly RequestBlock[]
  messages?: readonly RequestMessage[]
  tools?: readonly RequestTool[]
  tool_choice?: { type?: string; name?: string; disable_parallel_tool_use?: boolean }
  stop_sequences?: readonly string[]
  output_config?: { format?: { type?: string; schema?: Record<string, unknown> }; [field: string]: unknown }
  [field: string]: unknown
}

/** A message's content as blocks, whichever of the API's two forms it came in. */
export function blocksOf(content: string | readonly RequestBlock[] | undefined): readonly RequestBlock[] {
  if (content === undefined) return []
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}
