/** What the Responses routes answer, declared once, as in the chat side's `response-schemas.ts`. */
import { z } from 'zod'
import { bridgeSchema, errorSchema } from '../out/response-schemas.js'

function open<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  return z.looseObject(shape)
}

const count = z.int().min(0)
const itemStatus = z.enum(['in_progress', 'completed', 'incomplete'])

const outputText = open({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.never()),
  logprobs: z.array(z.never()),
})
const refusal = open({ type: z.literal('refusal'), refusal: z.string() })
const summaryText = open({ type: z.literal('summary_text'), text: z.string() })

const messageItem = open({
  id: z.string(),
  type: z.literal('message'),
  status: itemStatus,
  role: z.literal('assistant'),
  phase: z.literal('commentary').optional().describe('said before calls, where the answer has to be JSON: no part of the answer'),
  content: z.array(z.discriminatedUnion('type', [outputText, refusal])),
})
const reasoningItem = open({
  id: z.string(),
  type: z.literal('reasoning'),
  status: itemStatus,
  summary: z.array(summaryText).describe("the model's reasoning"),
})
const callItem = open({
  id: z.string(),
  type: z.literal('function_call'),
  status: itemStatus,
  call_id: z.string(),
  name: z.string(),
  namespace: z.string().optional().describe('of a tool that was offered in one'),
  arguments: z.string().describe('JSON text'),
})
const customCallItem = open({
  id: z.string(),
  type: z.literal('custom_tool_call'),
  status: itemStatus,
  call_id: z.string(),
  name: z.string(),
  namespace: z.string().optional(),
  input: z.string(),
})

export const outputItemSchema = z.discriminatedUnion('type', [messageItem, reasoningItem, callItem, customCallItem])

export const responseUsageSchema = open({
  input_tokens: count.describe('includes cache reads and writes'),
  input_tokens_details: open({ cached_tokens: count, cache_write_tokens: count }),
  output_tokens: count,
  output_tokens_details: open({ reasoning_tokens: count }),
  total_tokens: count,
})

export const responseStatuses = ['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled'] as const

export const responseSchema = open({
  id: z.string().describe('`resp_…`; the same characters as the id of its task'),
  object: z.literal('response'),
  created_at: z.int().describe('Unix seconds'),
  completed_at: z.int().nullable().describe('Unix seconds; of a completed response'),
  status: z.enum(responseStatuses),
  background: z.boolean(),
  error: open({
    code: z.enum(['server_error', 'rate_limit_exceeded', 'invalid_prompt']).describe("OpenAI's; `bridge.error` says more"),
    message: z.string(),
  }).nullable(),
  incomplete_details: open({ reason: z.enum(['max_output_tokens', 'content_filter']) }).nullable(),
  instructions: z.string().nullable(),
  max_output_tokens: count.nullable(),
  metadata: z.record(z.string(), z.string()),
  model: z.string().describe('as it was asked for'),
  output: z.array(outputItemSchema).describe('empty until the response has ended'),
  parallel_tool_calls: z.boolean(),
  previous_response_id: z.string().nullable(),
  reasoning: open({ effort: z.string().nullable(), summary: z.string().nullable() }),
  store: z.boolean(),
  temperature: z.number(),
  text: open({ format: z.record(z.string(), z.unknown()), verbosity: z.string().optional() }),
  tool_choice: z.unknown(),
  tools: z.array(z.record(z.string(), z.unknown())),
  top_p: z.number(),
  truncation: z.string(),
  usage: responseUsageSchema.nullable(),
  user: z.string().nullable(),
  prompt_cache_key: z.string().optional(),
  safety_identifier: z.string().optional(),
  bridge: bridgeSchema
    .extend({ error: errorSchema.shape.error.nullable() })
    .optional()
    .describe('missing in the events before the last one'),
})

const inputPart = z.looseObject({ type: z.string() })

export const inputItemListSchema = open({
  object: z.literal('list'),
  data: z.array(z.looseObject({ id: z.string(), type: z.string(), content: z.array(inputPart).optional() })),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
})

export const deletedResponseSchema = open({ id: z.string(), object: z.literal('response'), deleted: z.boolean() })

export type MessageOutput = z.infer<typeof messageItem>
export type ReasoningOutput = z.infer<typeof reasoningItem>
export type CustomCallOutput = z.infer<typeof customCallItem>
export type CallOutput = z.infer<typeof callItem>
export type OutputItem = z.infer<typeof outputItemSchema>
export type OutputPart = MessageOutput['content'][number]
export type ResponseUsage = z.infer<typeof responseUsageSchema>
export type ResponseObject = z.infer<typeof responseSchema>
export type InputItemList = z.infer<typeof inputItemListSchema>
