/**
 * Turns as the CLI takes them on stdin: one JSON line each. A user's text is only text: no line made here can be read by
 * the CLI as a command (a leading `/word`) or a file mention (`@/path`, shut in `environment.ts`).
 */
import { randomUUID } from 'node:crypto'
import type { AssistantBlock, ClientTool, ToolResultBlock, Turn, UserBlock } from '../../request/conversation.js'
import { renamed } from '../../schema/property-keys.js'
import { toolKeysOf } from '../protocol/tool-keys.js'
import { modelName } from '../protocol/tool-names.js'

/** How a version of the CLI is told that a leading slash is no command. */
export type PlainTextMark = 'flag' | 'newline'

/**
 * 2.1.329 takes `text_not_typed` on the line and sends the text upstream byte for byte. Older ones do not know it: there a
 * newline goes in front of the slash, which is the least that keeps the text a text.
 */
export function plainTextMark(version: string | null): PlainTextMark {
  const [major = 0, minor = 0, patch = 0] = (version ?? '').split('.').map(Number)
  const number = major * 1_000_000_000 + minor * 1_000_000 + patch
  return number >= 2_001_000_329 ? 'flag' : 'newline'
}

/**
 * One line for the user's turn. `history`: the turn is put into the conversation and nothing is asked yet. By its `uuid` the turn can be
 * taken back; the CLI drops a line whose uuid it has seen.
 */
export function userLine(content: readonly UserBlock[], mark: PlainTextMark, history: boolean, uuid?: string): object {
  const blocks = content.map(toApiBlock)
  const last = blocks.at(-1)
  if (mark === 'newline' && last?.type === 'text' && last.text.startsWith('/')) last.text = `\n${last.text}`
  return {
    type: 'user',
    ...(history ? { shouldQuery: false } : {}),
    ...(mark === 'flag' ? { text_not_typed: true } : {}),
    message: { role: 'user', content: blocks },
    parent_tool_use_id: null,
    session_id: '',
    ...(uuid !== undefined && { uuid }),
  }
}

/** One line for a turn of the model's. `id` keeps two such turns apart, `model` is the one that is running, `tools` those it is offered. */
export function assistantLine(content: readonly AssistantBlock[], id: string, { model, tools = [] }: Running): object {
  return {
    type: 'assistant',
    message: { role: 'assistant', id, model, content: content.map((block) => asSeenByModel(block, tools)) },
    parent_tool_use_id: null,
    session_id: '',
  }
}

function asSeenByModel(block: AssistantBlock, tools: readonly ClientTool[]): AssistantBlock {
  if (block.type !== 'tool_use') return block
  const name = modelName(block.name, tools)
  const keys = toolKeysOf(tools).get(name)
  return { ...block, name, ...(keys && { input: renamed(block.input, keys.toModel) as typeof block.input }) }
}

interface Running {
  model: string
  tools?: readonly ClientTool[]
}

export interface HistoryLine {
  turn: Turn
  line: object
  /** whether the CLI answers it with a `result`: those of the user's, not those of the model's */
  answered: boolean
  uuid: string | null
}

/** The turns before the last one. `from`: how many of the conversation's turns come before them. */
export function historyLines(turns: readonly Turn[], mark: PlainTextMark, running: Running, from = 0): HistoryLine[] {
  return turns.map((turn, index) => {
    if (turn.role === 'assistant') {
      return { turn, line: assistantLine(turn.content, `msg_history_${from + index}`, running), answered: false, uuid: null }
    }
    const uuid = randomUUID()
    return { turn, line: userLine(turn.content, mark, true, uuid), answered: true, uuid }
  })
}

type ApiBlock =
  | { type: 'text'; text: string }
  | { type: 'image'; source: { type: 'base64'; media_type: string; data: string } }
  | { type: 'document'; source: { type: 'base64'; media_type: string; data: string }; title?: string }
  | { type: 'tool_result'; tool_use_id: string; content: ApiBlock[] }

function toApiBlock(block: UserBlock | ToolResultBlock): ApiBlock {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'image':
      return { type: 'image', source: { type: 'base64', media_type: block.mediaType, data: block.data } }
    case 'document': {
      const { mediaType, data, title } = block
      const source = { type: 'base64' as const, media_type: mediaType, data }
      return { type: 'document', source, ...(title === undefined ? {} : { title }) }
    }
    case 'tool_result':
      // in the order of the CLI's own, so that a replay is the same to the byte
      return { tool_use_id: block.toolCallId, type: 'tool_result', content: block.content.map(toApiBlock) }
  }
}

/** Characters of the result of a call. */
export function lengthOf({ content }: Extract<UserBlock, { type: 'tool_result' }>): number {
  return content.reduce((length, block) => length + (block.type === 'text' ? block.text.length : 0), 0)
}
