/** The content of an item -> the content of a chat message. */
import { nameOthers, type Reading } from '../in/content-blocks.js'
import { refuse } from '../../errors/refuse.js'
import type { ChatPart } from './chat-messages.js'
import type { InputPart } from './item-schemas.js'

const path = 'input[].content[]'

type ShownPart = Extract<InputPart, { type: 'input_text' | 'output_text' | 'text' | 'refusal' | 'input_image' | 'input_file' }>

/**
 * The member by which a part is named that is left out: a thought, or, `past`, an image or file that is an id of an upload elsewhere or has
 * nothing at all. Null for one that is shown.
 */
export function leftOut(part: InputPart, past: boolean): string | null {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'refusal':
      return null
    case 'input_image':
      return past && !part.image_url ? (part.file_id ? 'file_id' : 'image_url') : null
    case 'input_file':
      return past && !part.file_data && !part.file_url ? (part.file_id ? 'file_id' : 'file_data') : null
    default:
      return part.type
  }
}

/** Throws 400 with the path of the part: files that are kept at OpenAI, or that would have to be fetched. */
export function toChatPart(part: ShownPart, place: string, reading: Reading): ChatPart {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      nameOthers(part, ['type', 'text'], path, reading)
      return { type: 'text', text: part.text }
    case 'refusal':
      nameOthers(part, ['type', 'refusal'], path, reading)
      return { type: 'refusal', refusal: part.refusal }
    case 'input_image': {
      nameOthers(part, ['type', 'image_url', ...(part.detail === 'auto' ? ['detail'] : [])], path, reading)
      return { type: 'image_url', image_url: { url: given(part.image_url, 'image_url', part.file_id, place) } }
    }
    case 'input_file': {
      if (part.file_url != null) throw refuse('unsupported_parameter', `${place}.file_url`, 'nothing is fetched; send the data')
      nameOthers(part, ['type', 'file_data', 'filename'], path, reading)
      const file_data = given(part.file_data, 'file_data', part.file_id, place)
      return { type: 'file', file: { file_data, ...(part.filename != null && { filename: part.filename }) } }
    }
  }
}

/** Where the parts of that type stand in the chat request, below the part. */
export const memberOf: Partial<Record<InputPart['type'], [chat: string, own: string][]>> = {
  input_image: [['.image_url.url', '.image_url']],
  input_file: [['.file', '']],
}

function given(data: string | null | undefined, name: string, fileId: unknown, place: string): string {
  if (fileId != null) throw refuse('unsupported_parameter', `${place}.file_id`, `no files are kept here; send '${name}'`)
  if (data == null) throw refuse('invalid_value', place, `it has no '${name}'`)
  return data
}
