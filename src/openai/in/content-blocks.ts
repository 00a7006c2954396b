/** The content of one message -> blocks. */
import type { AssistantBlock, ToolResultBlock, UserBlock } from '../../request/conversation.js'
import { fileOf, urlOf } from './anthropic-parts.js'
import { toFileBlock } from './files.js'
import type { Ignored } from '../../request/ignored.js'
import { maxImages, type RemoteImage, toImageBlock } from '../../request/images.js'
import type { ContentPart } from './message-schemas.js'
import { refuse } from '../../errors/refuse.js'
import { type Steps, yieldsAt } from '../../slices.js'

export type TextBlock = Extract<AssistantBlock, { type: 'text' }>

/** What a user's message is made of. */
export type ContentBlock = Exclude<UserBlock, { type: 'tool_result' }>

/** What is carried along while the messages of one request are read. */
export interface Reading {
  ignored: Ignored
  images: number
  /** images whose data has to be fetched */
  remote: RemoteImage[]
  /** what is read was said before the last answer: parts that carry nothing are left out */
  past?: boolean
  /** what is read is the result of a tool */
  inResult?: boolean
}

/**
 * Text, image and document blocks of a message, each part its own block, text as it came. The Claude API refuses a request that
 * has a block of white space only: such text joins the text block beside it, and is left out if there is none. So the
 * result is empty where nothing was said. `path` is that of the content, for errors.
 */
export function* toBlocks(content: string | ContentPart[] | null, path: string, reading: Reading): Steps<ContentBlock[]> {
  const parts = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : (content ?? [])
  const blocks: ContentBlock[] = []
  let lead = ''
  for (const [index, part] of parts.entries()) {
    if (yieldsAt(index)) yield
    const block = toBlock(part, `${path}[${index}]`, reading)
    if (block === null) continue
    if (block.type !== 'text') {
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
  }
  return blocks
}

/** The same for a message that can have text only. */
export function* toTextBlocks(content: string | ContentPart[] | null, path: string, reading: Reading): Steps<TextBlock[]> {
  return (yield* toBlocks(content, path, reading)).filter((block) => block.type === 'text')
}

/** The same for the result of a tool, whose schema has no files. */
export function* toResultBlocks(content: string | ContentPart[] | null, path: string, reading: Reading): Steps<ToolResultBlock[]> {
  reading.inResult = true
  const blocks = yield* toBlocks(content, path, reading)
  reading.inResult = false
  return blocks.filter((block) => block.type !== 'document')
}

/** Null for a part that is left out: a thought, or in the past one that carries nothing. */
function toBlock(part: ContentPart, path: string, reading: Reading): ContentBlock | null {
  const nothing = reading.past === true ? emptyMember(part) : null
  if (nothing !== null) {
    reading.ignored.add(`messages[].content[].${nothing}`)
    return null
  }
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      nameOthers(part, ['type', 'text'], 'messages[].content[]', reading)
      return { type: 'text', text: part.text }
    case 'refusal':
      nameOthers(part, ['type', 'refusal'], 'messages[].content[]', reading)
      return { type: 'text', text: part.refusal }
    case 'image_url':
      nameOthers(part, ['type', 'image_url'], 'messages[].content[]', reading)
      nameOthers(part.image_url, ['url', ...detailRead(part.image_url)], 'messages[].content[].image_url', reading)
      return imageBlock(part.image_url.url, `${path}.image_url.url`, 'image_url', reading)
    case 'input_image':
      if (part.file_id) throw refuse('unsupported_parameter', `${path}.file_id`, 'send the image itself, as `image_url`')
      nameOthers(part, ['type', 'image_url', ...detailRead(part)], 'messages[].content[]', reading)
      return imageBlock(part.image_url ?? '', `${path}.image_url`, 'image_url', reading)
    case 'file':
      nameOthers(part, ['type', 'file'], 'messages[].content[]', reading)
      nameOthers(part.file, fileMembers, 'messages[].content[].file', reading)
      return toFileBlock(part.file, `${path}.file`)
    case 'input_file':
      nameOthers(part, ['type', ...fileMembers], 'messages[].content[]', reading)
      return toFileBlock(part, path)
    case 'image':
      nameOthers(part, ['type', 'source'], 'messages[].content[]', reading)
      return imageBlock(urlOf(part.source), `${path}.source`, 'source', reading)
    case 'document':
      nameOthers(part, ['type', 'source', 'title'], 'messages[].content[]', reading)
      return toFileBlock(fileOf(part), `${path}.source`)
    // read with the message that they stand in
    case 'tool_use':
    case 'tool_result':
      return null
    default:
      reading.ignored.add(`messages[].content[].${part.type}`)
      return null
  }
}

/** The member by which an image or file has nothing: an id of an upload elsewhere, or an empty text. */
function emptyMember(part: ContentPart): string | null {
  switch (part.type) {
    case 'image_url':
      return part.image_url.url === '' ? 'image_url' : null
    case 'input_image':
      return part.image_url ? null : part.file_id ? 'file_id' : 'image_url'
    case 'file':
      return part.file.file_data ? null : part.file.file_url ? null : part.file.file_id ? 'file.file_id' : 'file'
    case 'input_file':
      return part.file_data || part.file_url ? null : part.file_id ? 'file_id' : 'file_data'
    default:
      return null
  }
}

// an id or a URL that is not empty is refused
const fileMembers = ['filename', 'file_data', 'file_id', 'file_url']

/** The default asks for nothing, so nothing is left out with it. */
function detailRead({ detail }: { detail?: string | null | undefined }): string[] {
  return detail === 'auto' ? ['detail'] : []
}

function imageBlock(url: string, param: string, member: string, reading: Reading): ContentBlock {
  if (++reading.images > maxImages) {
    throw refuse('invalid_value', param, `a request may have at most ${maxImages} images`)
  }
  const place = { inResult: reading.inResult === true, name: `messages[].content[].${member}` }
  return toImageBlock(url, param, reading.remote, place, (name) => reading.ignored.add(name))
}

/** Names the members of an object that are not read. Null and empty lists say nothing, so nothing is lost with them. */
export function nameOthers(value: object, read: readonly string[], path: string, reading: Pick<Reading, 'ignored'>): void {
  for (const [key, member] of Object.entries(value) as [string, unknown][]) {
    if (member == null || read.includes(key) || (Array.isArray(member) && member.length === 0)) continue
    reading.ignored.add(`${path}.${key}`)
  }
}
