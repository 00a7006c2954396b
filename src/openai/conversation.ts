/**
 * What a request asks to have run, in our own terms: the system prompt and the turns of a conversation with their real
 * roles. Made from OpenAI's messages here, turned into the CLI's lines in `claude/`. Survives JSON, as it is stored.
 */
export type UserBlock =
  | { type: 'text'; text: string }
  /** `data` is base64 */
  | { type: 'image'; mediaType: ImageType; data: string }
  | { type: 'tool_result'; toolCallId: string; content: ToolResultBlock[] }

export type ToolResultBlock = Extract<UserBlock, { type: 'text' | 'image' }>

export type AssistantBlock =
  | { type: 'text'; text: string }
  /** `input` is the call's arguments, parsed */
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

/** One run of the Claude CLI, as a job stores it. */
export interface ClaudeRequest extends Conversation {
  kind: 'claude'
  /** The CLI's name for the model. */
  model: string
  /** 1 to 4, none empty */
  stop?: string[]
  maxTokens?: number
  effort?: Effort
}
