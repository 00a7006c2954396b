/** From a scripted message and the request it answers to the finished message, before anything goes out. */
import { newId } from './ids.js'
import { applyLimits, blockWords } from './limits.js'
import type { MessageReply, ReplyBlock, StopReason, UsageFields } from './reply.js'
import type { MessagesRequest } from './request.js'
import { resolveToolName } from './tool-name.js'
import { countInput } from './words.js'

export interface ComposedBlock {
  /** as in `content_block_start` */
  start: Record<string, unknown>
  /** as in `content_block_delta` */
  deltas: readonly Record<string, unknown>[]
  /** as in a response without streaming */
  whole: Record<string, unknown>
}

export interface ComposedMessage {
  id: string
  model: string
  blocks: readonly ComposedBlock[]
  /** `stop_reason`, `stop_sequence` and whatever the script adds */
  stop: Record<string, unknown>
  usage: UsageFields & { input_tokens: number; output_tokens: number }
}

export function compose(reply: MessageReply, body: MessagesRequest): ComposedMessage {
  const limited = reply.honourLimits === true ? applyLimits(reply.content, body) : undefined
  const content = limited?.content ?? reply.content
  const stopReason = limited?.stopReason ?? reply.stopReason ?? naturalStop(content)
  return {
    id: newId('msg'),
    model: reply.model ?? body.model ?? 'claude-stand-in',
    blocks: content.map((block) => composeBlock(block, body)),
    stop: {
      stop_reason: stopReason,
      stop_sequence: limited?.stopSequence ?? reply.stopSequence ?? null,
      ...reply.delta,
    },
    usage: composeUsage(reply.usage, content, body),
  }
}

function naturalStop(content: readonly ReplyBlock[]): StopReason {
  return content.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn'
}

function composeBlock(block: ReplyBlock, body: MessagesRequest): ComposedBlock {
  switch (block.type) {
    case 'text':
      return {
        start: { type: 'text', text: '' },
        deltas: block.deltas.map((part) => ({ type: 'text_delta', text: part })),
        whole: { type: 'text', text: block.deltas.join('') },
      }
    case 'thinking': {
      const signature = block.signature === '' ? [] : [{ type: 'signature_delta', signature: block.signature }]
      return {
        start: { type: 'thinking', thinking: '', signature: '' },
        deltas: [...block.deltas.map((part) => ({ type: 'thinking_delta', thinking: part })), ...signature],
        whole: { type: 'thinking', thinking: block.deltas.join(''), signature: block.signature },
      }
    }
    case 'redacted_thinking': {
      const whole = { type: 'redacted_thinking', data: block.data }
      return { start: whole, deltas: [], whole }
    }
    case 'tool_use':
    case 'server_tool_use': {
      const id = block.id ?? newId(block.type === 'tool_use' ? 'toolu' : 'srvtoolu')
      const head = { type: block.type, id, name: resolveToolName(block.name, body) }
      return {
        start: { ...head, input: {} },
        deltas: block.fragments.map((part) => ({ type: 'input_json_delta', partial_json: part })),
        whole: { ...head, input: parseInput(block.fragments.join('')) },
      }
    }
    case 'raw':
      return { start: block.start, deltas: block.deltas, whole: block.start }
  }
}

function parseInput(json: string): unknown {
  if (json === '') return {}
  try {
    return JSON.parse(json) as unknown
  } catch {
    // scripted rubbish: handed on as it is, so that the client meets it
    return json
  }
}

function composeUsage(given: UsageFields = {}, content: readonly ReplyBlock[], body: MessagesRequest): ComposedMessage['usage'] {
  const thought = content.filter((block) => block.type === 'thinking').reduce((sum, block) => sum + blockWords(block), 0)
  return {
    input_tokens: countInput(body),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: content.reduce((sum, block) => sum + blockWords(block), 0),
    ...(thought > 0 ? { output_tokens_details: { thinking_tokens: thought } } : {}),
    service_tier: 'standard',
    ...given,
  }
}
