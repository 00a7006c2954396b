/**
 * What the bridge answers, declared once: these schemas serialize, give the OpenAPI document, and the types below come
 * from them. Objects are open in the document, because answers grow; the types are closed, so that a member that is not
 * declared here does not compile.
 */
import { z } from 'zod'
import { statuses } from '../../jobs/status.js'
import { finishReasons } from './finish-reason.js'

function open<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape> {
  return z.looseObject(shape)
}

const count = z.int().min(0)
const unixSeconds = z.int().describe('Unix seconds')
const metadata = z.record(z.string(), z.string())

export const errorSchema = open({
  error: open({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable().describe('dotted path of the request member at fault'),
    code: z.string().nullable().describe('stable; what programs should look at'),
  }),
})

export const usageSchema = open({
  prompt_tokens: count.describe('includes cache reads and writes'),
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: open({ cached_tokens: count, cache_write_tokens: count }),
  completion_tokens_details: open({ reasoning_tokens: count }).optional(),
})

export const bridgeSchema = open({
  task_id: z.string(),
  model: z.string().nullable().describe('the model that answered'),
  attempts: count,
  ignored: z.array(z.string()).describe('request members that had no effect'),
  reason: z.enum(['max_cost_usd', 'budget']).optional().describe('there where the answer is cut by a limit of cost'),
  cost_usd: z.number().nullable().describe("the CLI's estimate; where the CLI gives none, what the tokens cost"),
  duration_ms: count.nullable().describe('from the start of the work to its end'),
  queue_ms: count.nullable().describe('from the request to the start of the work'),
  session_id: z.string().nullable(),
})

const namespace = z.string().optional().describe('of a tool that was offered in one')

const functionCall = open({ name: z.string(), namespace, arguments: z.string().describe('JSON text') })

const toolCall = z.discriminatedUnion('type', [
  open({ id: z.string(), type: z.literal('function'), function: functionCall }),
  open({ id: z.string(), type: z.literal('custom'), custom: open({ name: z.string(), namespace, input: z.string() }) }),
])

const serviceTier = z.literal('default').optional().describe('where one was asked for; there is only this one')

export const completionSchema = open({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: unixSeconds,
  model: z.string().describe('as it was asked for'),
  choices: z.array(
    open({
      index: count,
      message: open({
        role: z.literal('assistant'),
        content: z.string().nullable(),
        refusal: z.string().nullable(),
        reasoning_content: z.string().optional(),
        tool_calls: z.array(toolCall).optional(),
        function_call: functionCall.optional(),
      }),
      finish_reason: z.enum(finishReasons),
      logprobs: z.null(),
    }),
  ),
  usage: usageSchema.optional(),
  service_tier: serviceTier,
  metadata: metadata.optional(),
  bridge: bridgeSchema,
})

const toolCallDelta = open({
  index: count,
  id: z.string().optional(),
  type: z.enum(['function', 'custom']).optional(),
  function: open({ name: z.string().optional(), namespace, arguments: z.string() }).optional(),
  custom: open({ name: z.string().optional(), namespace, input: z.string() }).optional(),
})

export const chunkSchema = open({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: unixSeconds,
  model: z.string(),
  choices: z.array(
    open({
      index: count,
      delta: open({
        role: z.literal('assistant').optional(),
        content: z.string().optional(),
        refusal: z.string().optional(),
        reasoning_content: z.string().optional(),
        tool_calls: z.array(toolCallDelta).optional(),
        function_call: open({ name: z.string().optional(), arguments: z.string() }).optional(),
      }),
      finish_reason: z.enum(finishReasons).nullable(),
      logprobs: z.null(),
    }),
  ),
  usage: usageSchema.nullable().optional(),
  service_tier: serviceTier,
  bridge: bridgeSchema.optional().describe('on the last finish chunk'),
})

export const progressSchema = open({
  phase: z.enum(['queued', 'starting', 'waiting', 'thinking', 'answering', 'using_tool']),
  last_activity: unixSeconds.describe('Unix seconds of the last sign of life'),
  characters: count,
  output_tokens: count.nullable(),
  tool: z.string().nullable().describe('the tool at work'),
})

export const reviewSchema = open({
  reason: z.string(),
  attempts: count,
  last_response: z.string(),
  validation_errors: z.array(open({ type: z.string(), message: z.string(), mend: z.string().optional(), path: z.string().optional() })),
  original_request: z.unknown(),
})

export const taskSchema = open({
  id: z.string(),
  object: z.literal('task'),
  status: z.enum(statuses),
  created_at: unixSeconds,
  started_at: unixSeconds.nullable(),
  completed_at: unixSeconds.nullable(),
  expires_at: unixSeconds.nullable(),
  model: z.string(),
  background: z.boolean(),
  metadata,
  user: z.string().optional(),
  progress: progressSchema.nullable(),
  attempts: count,
  sequence_number: count.describe('of the last event'),
  result: completionSchema.nullable().describe('what a blocking request would have been answered'),
  error: errorSchema.shape.error.nullable(),
  usage: usageSchema.nullable(),
  files: z
    .array(open({ path: z.string(), bytes: count, media_type: z.string() }))
    .describe('what the job has left; read at `/tasks/{id}/files/{path}` until the task expires'),
  review: reviewSchema.optional().describe('while the status is `requires_action`'),
  retry_of: z.string().optional().describe('the task that this one was made from, by `POST /tasks/{id}/retry`'),
  bridge: bridgeSchema,
})

export const taskListSchema = open({
  object: z.literal('list'),
  data: z.array(taskSchema),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
})

export const modelSchema = open({
  id: z.string(),
  object: z.literal('model'),
  created: unixSeconds,
  owned_by: z.string(),
})

export const modelListSchema = open({ object: z.literal('list'), data: z.array(modelSchema) })

export const requestCheckSchema = open({
  object: z.literal('chat.completion.check'),
  ok: z.boolean().describe('whether the request would be taken'),
  honoured: z.array(z.string()),
  ignored: z.array(z.string()),
  error: errorSchema.shape.error.nullable().describe('what it would be refused with'),
})

export type RequestCheck = z.infer<typeof requestCheckSchema>
export type ErrorBody = z.infer<typeof errorSchema>
export type CompletionUsage = z.infer<typeof usageSchema>
export type Bridge = z.infer<typeof bridgeSchema>
export type Completion = z.infer<typeof completionSchema>
export type Chunk = z.infer<typeof chunkSchema>
export type Delta = Chunk['choices'][number]['delta']
export type Task = z.infer<typeof taskSchema>
export type TaskList = z.infer<typeof taskListSchema>
export type Model = z.infer<typeof modelSchema>
