/** What a response repeats of its request, with OpenAI's defaults; and where it is kept. */
import { z } from 'zod'
import type { JobView } from '../../jobs/job.js'
import type { ResponseRequest } from './request.js'

const json = z.record(z.string(), z.unknown())

export const echoSchema = z.object({
  background: z.boolean(),
  instructions: z.string().nullable(),
  max_output_tokens: z.number().nullable(),
  parallel_tool_calls: z.boolean(),
  previous_response_id: z.string().nullable(),
  reasoning: z.object({ effort: z.string().nullable(), summary: z.string().nullable() }),
  store: z.boolean(),
  temperature: z.number(),
  text: z.object({ format: json, verbosity: z.string().optional() }),
  tool_choice: z.unknown(),
  tools: z.array(json),
  top_p: z.number(),
  truncation: z.string(),
  prompt_cache_key: z.string().optional(),
  safety_identifier: z.string().optional(),
})
export type ResponseEcho = z.infer<typeof echoSchema>

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
    temperature: numberOr1(body.temperature),
    text: { format: body.text?.format ?? { type: 'text' }, ...(verbosity != null && { verbosity }) },
    tool_choice: body.tool_choice ?? 'auto',
    tools: (body.tools ?? []).map((tool) =>
      tool.type === 'function' ? { description: null, parameters: null, strict: null, ...tool } : { ...tool },
    ),
    top_p: numberOr1(body.top_p),
    truncation: typeof body.truncation === 'string' ? body.truncation : 'disabled',
    ...(body.prompt_cache_key != null && { prompt_cache_key: body.prompt_cache_key }),
    ...(body.safety_identifier != null && { safety_identifier: body.safety_identifier }),
  }
}

function numberOr1(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 1
}

/**
 * The two places an echo is kept in: the record has it unless it is long, as records are held in memory and listed; the
 * request has it always.
 */
export function recordedEcho(echo: ResponseEcho): JobView['response'] {
  const { background, store } = echo
  return JSON.stringify(echo).length <= maxInRecord ? { background, store, echo } : { background, store }
}

const recordedSchema = z.object({ background: z.boolean(), store: z.boolean(), echo: echoSchema.optional() })

/** What a record says of its response; null for a job that is none. */
export function responseOf(view: JobView): z.infer<typeof recordedSchema> | null {
  const { response } = view
  return response === undefined ? null : recordedSchema.parse(response)
}
