/** What a response repeats of its request, with OpenAI's defaults; and where it is kept. */
import type { JobView } from '../../jobs/job.js'
import type { ResponseRequest } from './request.js'

export interface ResponseEcho {
  background: boolean
  instructions: string | null
  max_output_tokens: number | null
  parallel_tool_calls: boolean
  previous_response_id: string | null
  reasoning: { effort: string | null; summary: string | null }
  store: boolean
  temperature: number
  text: { format: Record<string, unknown>; verbosity?: string }
  tool_choice: unknown
  tools: Record<string, unknown>[]
  top_p: number
  truncation: string
  prompt_cache_key?: string
  safety_identifier?: string
}

/** Characters of JSON that the record of a job may hold; what is longer is with the request alone. */
const maxInRecord = 64 * 1024

export function toEcho(body: ResponseRequest): ResponseEcho {
  const { verbosity } = body.text ?? {}
  return {
    background: body.background ?? false,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    reasoning: {
      effort: body.reasoning?.effort ?? null,
      summary: body.reasoning?.summary ?? body.reasoning?.generate_summary ?? null,
    },
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: body.text?.format ?? { type: 'text' }, ...(verbosity != null && { verbosity }) },
    tool_choice: body.tool_choice ?? 'auto',
    tools: (body.tools ?? []).map((tool) => ({ description: null, parameters: null, strict: null, ...tool })),
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? 'disabled',
    ...(body.prompt_cache_key != null && { prompt_cache_key: body.prompt_cache_key }),
    ...(body.safety_identifier != null && { safety_identifier: body.safety_identifier }),
  }
}

/**
 * The two places an echo is kept in: the record has it unless it is long, as records are held in memory and listed; the
 * request has it always.
 */
export function recordedEcho(echo: ResponseEcho): JobView['response'] {
  const { background, store } = echo
  return JSON.stringify(echo).length <= maxInRecord ? { background, store, echo } : { background, store }
}

interface Recorded {
  background: boolean
  store: boolean
  echo?: ResponseEcho
}

/** What a record says of its response; null for a job that is none. */
export function responseOf(view: JobView): Recorded | null {
  return (view['response'] as Recorded | undefined) ?? null
}
