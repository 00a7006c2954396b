/** What a tool of the bridge's own MCP server is made of. */
import type { ToolAnnotations } from '@modelcontextprotocol/sdk/types.js'
import type { z } from 'zod'
import type { Asking, IntakeSettings } from '../../src/intake/submit.js'
import type { Jobs } from '../../src/jobs/jobs.js'
import type { ChatOptions } from '../../src/openai/in/chat-options.js'

/** Who calls: the owner of the jobs, by which request, from within which job, and how deep below others (see `depth.ts`). */
export interface Caller {
  owner: string
  /** the job that calls with its token; null: a client from outside */
  parent: string | null
  /** `x-request-id` of the HTTP request */
  requestId: string
  trace: Asking['trace']
  spentMs: Asking['spentMs']
  /** as the header says it */
  depth: string | string[] | undefined
}

/** What the operator has set, for what a call asks for. */
export type ToolSettings = IntakeSettings &
  Required<Omit<ChatOptions, 'read' | 'forClaude' | 'models' | 'allowedModels'>> &
  Pick<ChatOptions, 'models' | 'allowedModels'>

export interface ToolContext {
  jobs: Jobs
  config: ToolSettings
  /** gets what a question only names */
  publicAgent: Asking['publicAgent']
  /** compiles the schemas and patterns of a question */
  compiler: Asking['compiler']
  caller: Caller
  /** aborted when the call is cancelled or its client has gone */
  signal: AbortSignal
  /** Tells the client how it goes on; null where it did not ask. `progress` only ever grows. */
  tell: ((progress: number, message: string) => Promise<void>) | null
  /** silence of a job after which the client is told again, in milliseconds */
  signOfLifeMs: number
}

export interface ToolAnswer<Output> {
  /** the result's `structuredContent` */
  data: Output
  /** the same for who reads text alone; left out: `data` as JSON */
  text?: string
}

/** Arguments have passed `input` when `run` gets them. What it throws becomes a result with `isError`. */
export interface Tool<Input = unknown, Output = unknown> {
  name: string
  title: string
  description: string
  input: z.ZodType<Input>
  output: z.ZodType<Output>
  annotations: ToolAnnotations
  run(args: Input, context: ToolContext): Promise<ToolAnswer<Output>>
}

/** Lets a tool's types follow from its schemas. */
export function defineTool<Input, Output>(tool: Tool<Input, Output>): Tool {
  return tool
}
