/** What the API does with `stop_sequences` and `max_tokens`, with one word for one token. */
import type { ReplyBlock, StopReason } from './reply.js'
import type { MessagesRequest } from './request.js'
import { countWords, splitWords } from './words.js'

export interface Limited {
  content: readonly ReplyBlock[]
  /** undefined: no limit was met */
  stopReason: StopReason | undefined
  stopSequence: string | undefined
}

/** Cuts the content at the first stop sequence in a text, then at `max_tokens`; the earlier one is the reason. */
export function applyLimits(content: readonly ReplyBlock[], body: MessagesRequest): Limited {
  const stopped = stopAtSequence(content, body.stop_sequences ?? [])
  return stopAtTokens(stopped, body.max_tokens ?? Infinity)
}

function stopAtSequence(content: readonly ReplyBlock[], sequences: readonly string[]): Limited {
  const kept: ReplyBlock[] = []
  for (const block of content) {
    const found = block.type === 'text' ? firstOf(block.deltas.join(''), sequences) : undefined
    if (block.type === 'text' && found !== undefined) {
      if (found.at > 0) kept.push({ ...block, deltas: keepCharacters(block.deltas, found.at) })
      return { content: kept, stopReason: 'stop_sequence', stopSequence: found.sequence }
    }
    kept.push(block)
  }
  return { content: kept, stopReason: undefined, stopSequence: undefined }
}

function stopAtTokens(limited: Limited, maxTokens: number): Limited {
  const kept: ReplyBlock[] = []
  let left = maxTokens
  for (const block of limited.content) {
    const size = blockWords(block)
    if (size > left) {
      const part = left > 0 ? keepWords(block, left) : undefined
      if (part !== undefined) kept.push(part)
      return { content: kept, stopReason: 'max_tokens', stopSequence: undefined }
    }
    left -= size
    kept.push(block)
  }
  return { ...limited, content: kept }
}

/** The tokens of a block. */
export function blockWords(block: ReplyBlock): number {
  if (block.type === 'text' || block.type === 'thinking') return countWords(block.deltas.join(''))
  if (block.type === 'tool_use' || block.type === 'server_tool_use') return countWords(block.fragments.join('')) + 1
  return 1
}

function keepWords(block: ReplyBlock, words: number): ReplyBlock | undefined {
  if (block.type === 'text' || block.type === 'thinking') {
    const characters = splitWords(block.deltas.join('')).slice(0, words).join('').length
    return { ...block, deltas: keepCharacters(block.deltas, characters) }
  }
  // the API stops inside the input's JSON too
  if (block.type === 'tool_use') return { ...block, fragments: block.fragments.slice(0, -1) }
  return undefined
}

function keepCharacters(deltas: readonly string[], characters: number): string[] {
  const kept: string[] = []
  let left = characters
  for (const delta of deltas) {
    if (left <= 0) break
    kept.push(delta.slice(0, left))
    left -= delta.length
  }
  return kept
}

function firstOf(text: string, sequences: readonly string[]): { at: number; sequence: string } | undefined {
  let first: { at: number; sequence: string } | undefined
  for (const sequence of sequences) {
    const at = sequence === '' ? -1 : text.indexOf(sequence)
    if (at !== -1 && (first === undefined || at < first.at)) first = { at, sequence }
  }
  return first
}
