/** The content of one message -> blocks. */
import type { AssistantBlock, ToolResultBlock } from './conversation.js'
import type { Ignored } from './ignored.js'
import { maxImages, toImageBlock } from './images.js'
import type { ContentPart } from './message-schemas.js'
import { refuse } from './refuse.js'

export type TextBlock = Extract<AssistantBlock, { type: 'text' }>

/** What is carried along while the messages of one request are read. */
export interface Reading {
  ignored: Ignored
  images: number
}

/**
 * Text and image blocks of a message, each part its own block, text as it came. The Claude API refuses a request that
 * has a block of white space only: such text joins the text block beside it, and is left out if there is none. So the
 * result is empty where nothing was said. `path` is that of the content, for errors.
 */
export function toBlocks(content: string | ContentPart[], path: string, reading: Reading): ToolResultBlock[] {
  const parts = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content
  const blocks: ToolResultBlock[] = []
  let lead = ''
  parts.forEach((part, index) => {
    const block = toBlock(part, `${path}[${index}]`, reading)
    if (block.type === 'image') {
      blocks.push(block)
      lead = ''
    } else if (/\S/.test(block.text)) {
      blocks.push({ type: 'text', text: lead + block.text })
      lead = ''
    } else {
      const last = blocks.at(-1)
      if (last?.type === 'text') last.text += block.text
      else lead += block.text
    }
  })
  return blocks
}

/** The same for a message that can have text only. */
export function toTextBlocks(content: string | ContentPart[], path: string, reading: Reading): TextBlock[] {
  return toBlocks(content, path, reading).filter((block) => block.type === 'text')
}

function toBlock(part: ContentPart, path: string, reading: Reading): ToolResultBlock {
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      nameOthers(part, ['type', 'text'], 'messages[].content[]', reading)
      return { type: 'text', text: part.text }
    case 'refusal':
      nameOthers(part, ['type', 'refusal'], 'messages[].content[]', reading)
      return { type: 'text', text: part.refusal }
    case 'image_url': {
      nameOthers(part, ['type', 'image_url'], 'messages[].content[]', reading)
      const { detail } = part.image_url
      // auto is the default
      const read = detail === 'auto' ? ['url', 'detail'] : ['url']
      nameOthers(part.image_url, read, 'messages[].content[].image_url', reading)
      const param = `${path}.image_url.url`
      if (++reading.images > maxImages) {
        throw refuse('invalid_value', param, `a request may have at most ${maxImages} images`)
      }
      return toImageBlock(part.image_url.url, param)
    }
  }
}

/** Names the members of an object that are not read. Null and empty lists say nothing, so nothing is lost with them. */
export function nameOthers(value: object, read: readonly string[], path: string, reading: Reading): void {
  for (const [key, member] of Object.entries(value) as [string, unknown][]) {
    if (member == null || read.includes(key) || (Array.isArray(member) && member.length === 0)) continue
    reading.ignored.add(`${path}.${key}`)
  }
}
