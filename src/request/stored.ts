/** A job's request as it is stored: one union, with a format number for each job. What was handed over in memory is not read again. */
import { z } from 'zod'
import type { ClaudeRequest, ToolResultBlock, Turn, UserBlock } from './conversation.js'
import type { InnerRequest, JobRequest } from './job-request.js'
import type { AttemptPlan } from './plan.js'
import type { FallbackRequest, UpstreamRequest } from './upstream-request.js'

/**
 * The format that this version writes.
 *
 * 1: a provider's request has the members of its body (`body`). 2: it has the client's text.
 */
export const requestFormat = 2

const json = z.record(z.string(), z.unknown())
const depth = z.number().int().optional()

const text = z.object({ type: z.literal('text'), text: z.string() })
const image = z.object({
  type: z.literal('image'),
  mediaType: z.enum(['image/png', 'image/jpeg', 'image/gif', 'image/webp']),
  data: z.string(),
})
const resultBlock: z.ZodType<ToolResultBlock> = z.discriminatedUnion('type', [text, image])
const userBlock: z.ZodType<UserBlock> = z.discriminatedUnion('type', [
  text,
  image,
  z.object({ type: z.literal('document'), mediaType: z.literal('application/pdf'), data: z.string(), title: z.string().optional() }),
  z.object({ type: z.literal('tool_result'), toolCallId: z.string(), content: z.array(resultBlock) }),
])
const assistantBlock = z.discriminatedUnion('type', [
  text,
  z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: json }),
])
const turn: z.ZodType<Turn> = z.discriminatedUnion('role', [
  z.object({ role: z.literal('user'), content: z.array(userBlock) }),
  z.object({ role: z.literal('assistant'), content: z.array(assistantBlock) }),
])

const texts = z.record(z.string(), z.string()).optional()
const mcpServer = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('stdio'),
    command: z.string(),
    args: z.array(z.string()).optional(),
    env: texts,
    timeout: z.number().optional(),
  }),
  z.object({ type: z.enum(['http', 'sse']), url: z.string(), headers: texts, timeout: z.number().optional() }),
])
const ofAnyServer = { name: z.string(), tools: z.array(z.string()).optional(), withheld: z.array(z.string()).optional() }
const jobServer = z.discriminatedUnion('from', [
  z.object({ ...ofAnyServer, from: z.literal('registry'), entry: z.string() }),
  z.object({ ...ofAnyServer, from: z.literal('request'), server: mcpServer }),
])

const claude: z.ZodType<ClaudeRequest> = z.object({
  kind: z.literal('claude'),
  model: z.string(),
  system: z.array(z.string()),
  turns: z.array(turn),
  depth,
  stop: z.array(z.string()).optional(),
  maxTokens: z.number().optional(),
  effort: z.enum(['none', 'low', 'medium', 'high', 'xhigh', 'max']).optional(),
  tools: z
    .array(z.object({ name: z.string(), description: z.string().optional(), parameters: json, custom: z.literal(true).optional() }))
    .optional(),
  toolChoice: z.union([z.enum(['auto', 'none', 'required']), z.object({ name: z.string() })]).optional(),
  parallelToolCalls: z.literal(false).optional(),
  sampling: z.object({ temperature: z.number().optional(), topP: z.number().optional() }).optional(),
  output: z.object({ name: z.string(), description: z.string().optional(), schema: json }).optional(),
  inside: z.object({ servers: z.array(jobServer), fileTools: z.array(z.string()) }).optional(),
  person: z.string().optional(),
  clientRetries: z.literal(true).optional(),
  response: z.unknown().optional(),
})

const ofAnyUpstream = { kind: z.literal('upstream'), provider: z.string(), model: z.string(), depth }
const upstream: z.ZodType<UpstreamRequest> = z.union([
  z.object({ ...ofAnyUpstream, text: z.string(), added: z.array(z.unknown()).optional() }),
  // format 1
  z.object({ ...ofAnyUpstream, body: json }).transform(({ body, ...request }) => ({ ...request, text: JSON.stringify(body) })),
])
const oneModel = z.union([claude, upstream])
const fallbacks: z.ZodType<FallbackRequest> = z.object({
  kind: z.literal('fallbacks'),
  candidates: z.array(z.object({ name: z.string(), run: oneModel })),
  depth,
})

/** What one attempt runs; a review keeps one to go on from. */
export const innerRequestSchema: z.ZodType<InnerRequest> = z.union([claude, upstream, fallbacks])

const plan: z.ZodType<AttemptPlan> = z.object({
  checks: z.array(z.object({ type: z.string(), alias: z.string().optional(), params: json })),
  maxAttempts: z.number(),
  initialDelayS: z.number(),
  backoffFactor: z.number(),
  maxDelayS: z.number(),
  jitter: z.number(),
  toolAfter: z.number().nullable(),
  humanAfter: z.number().nullable(),
  tool: z.object({ name: z.string().nullable(), request: json }).nullable(),
  originalPrompt: z.string(),
  originalRequest: z.unknown(),
})

const jobRequest: z.ZodType<JobRequest> = z.union([
  claude,
  upstream,
  fallbacks,
  z.object({ kind: z.literal('checked'), inner: innerRequestSchema, plan }),
])

/** Null for what no version up to this one has written. */
export function readStored(format: number, stored: unknown): JobRequest | null {
  if (format > requestFormat) return null
  const read = jobRequest.safeParse(stored)
  return read.success ? read.data : null
}
