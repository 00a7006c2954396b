/**
 * What a request asks to have run, in our own terms: the system prompt and the turns of a conversation with their real
 * roles. Made from OpenAI's messages here, turned into the CLI's lines in `claude/`. Survives JSON, as it is stored.
 */
export type UserBlock =
  | { type: 'text'; text: string }
  /** `data` is base64 */
  | { type: 'image'; mediaType: ImageType; data: string }
  /** `data` is base64 */
  | { type: 'document'; mediaType: 'application/pdf'; data: string; title?: string }
  | { type: 'tool_result'; toolCallId: string; content: ToolResultBlock[] }

export type ToolResultBlock = Extract<UserBlock, { type: 'text' | 'image' }>

export type AssistantBlock =
  | { type: 'text'; text: string }
  /** A call of one of the client's functions, by the {@link ClientTool}'s name; `input` is the call's arguments, parsed. */
  | { type: 'tool_use'; id: string; name: string; input: Record<string, unknown> }

export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp'

/** Turns alternate; each has at least one block; the last one is the user's. */
export type Turn = { role: 'user'; content: UserBlock[] } | { role: 'assistant'; content: AssistantBlock[] }

export interface Conversation {
  /** system and developer messages, in their order */
  system: string[]
  turns: Turn[]
}

/** `none` switches thinking off; the rest are the CLI's own effort levels. */
export type Effort = 'none' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** A function of the client's, offered to the model and never run here. `parameters` is a JSON Schema of an object. */
export interface ClientTool {
  /** with its namespace, if it has one: see `call-names.ts` */
  name: string
  description?: string
  parameters: Record<string, unknown>
  /** the client takes one text, which the model gives as the argument `input` */
  custom?: true
}

/** `required`: some call; a name: a call of that function. */
export type ToolChoice = 'auto' | 'none' | 'required' | { name: string }

/** What the answer has to satisfy: a JSON Schema whose root is an object. `name`: the client's, or one of {@link unnamed}. */
export interface OutputSchema {
  name: string
  description?: string
  schema: Record<string, unknown>
}

/** Names of schemas that the client has given none. */
export const unnamed: readonly string[] = ['json_object', 'json_schema']

/** An MCP server as a config names it, `${VAR}` not expanded. `timeout`: milliseconds of one call of its tools. */
export type McpServer =
  | { type: 'stdio'; command: string; args?: string[]; env?: Record<string, string>; timeout?: number }
  | { type: 'http' | 'sse'; url: string; headers?: Record<string, string>; timeout?: number }

/** A server of one job: an entry of the registry, which is looked up when the job runs, or one that the request brought. */
export type JobServer = {
  name: string
  /** the tools to be offered, by the server's names; left out: all */
  tools?: string[]
  /** tools that are not, whatever else is said */
  withheld?: string[]
} & ({ from: 'registry'; entry: string } | { from: 'request'; server: McpServer })

/** What a run may use beside its words. */
export interface JobTools {
  servers: JobServer[]
  /** the CLI's own, inside the workspace */
  fileTools: string[]
}

/** One run of the Claude CLI, as a job stores it. */
export interface ClaudeRequest extends Conversation {
  kind: 'claude'
  /** The CLI's name for the model. */
  model: string
  /** How many jobs are above this one, each asked for by the one before; left out: none. */
  depth?: number
  /** 1 to 4, none empty */
  stop?: string[]
  maxTokens?: number
  effort?: Effort
  /** at least one, names unique */
  tools?: ClientTool[]
  /** left out: `auto` */
  toolChoice?: ToolChoice
  /** only where the model takes it: without thinking */
  sampling?: { temperature?: number; topP?: number }
  /** false: at most one call in an answer */
  parallelToolCalls?: false
  /** the answer is JSON */
  output?: OutputSchema
  /** MCP servers and file tools, which are used inside the run */
  inside?: JobTools
  /** who asks, of several people behind one key: their conversations share no process */
  person?: string
  /** the client asks again by itself where the model's API limits it: the CLI does not ask again for it */
  clientRetries?: true
  /** what the Responses API repeats of its request; its own business */
  response?: unknown
}
