/**
 * A `file` part -> a block: a PDF becomes a document, which the Claude API reads page by page; a text file becomes a text that
 * names the file. There is no place for files that were uploaded before, so `file_id` is refused.
 */
import { isBase64, sizeOf, unwrapped } from '../../request/base64.js'
import type { UserBlock } from '../../request/conversation.js'
import { splitDataUrl } from '../../request/data-url.js'
import { isTextType, typeByName } from './file-types.js'
import { refuse } from '../../errors/refuse.js'

/** decoded, in bytes: the Claude API takes no larger request */
export const maxFileBytes = 32 * 1024 * 1024

export interface FileMembers {
  filename?: string | null | undefined
  /** a data URL, or bare base64, as many clients send it */
  file_data?: string | null | undefined
  file_id?: string | null | undefined
  file_url?: string | null | undefined
}

type FileBlock = Extract<UserBlock, { type: 'text' | 'document' }>

const pdf = 'application/pdf'
const taken = 'files have to be PDFs or text files'

/** What says nothing of a file's type. */
const anyType = new Set(['', 'application/octet-stream', 'binary/octet-stream'])

/** `path` is that of the object that has the members. Throws 400 with the path of the member at fault. */
export function toFileBlock(file: FileMembers, path: string): FileBlock {
  for (const member of ['file_id', 'file_url'] as const) {
    if (file[member]) throw refuse('unsupported_parameter', `${path}.${member}`, 'send the file itself, as `file_data`')
  }
  const param = `${path}.file_data`
  if (!file.file_data) throw refuse('invalid_value', param, 'it must not be empty')
  const name = file.filename ?? ''
  const { type, base64, data: wrapped } = splitDataUrl(file.file_data) ?? { type: '', base64: true, data: file.file_data }
  if (!base64) throw refuse('invalid_value', param, 'the data URL has to be in base64')
  const data = unwrapped(wrapped)
  if (sizeOf(data) > maxFileBytes) throw refuse('invalid_value', param, `more than ${maxFileBytes} bytes`)
  if (!isBase64(data)) throw refuse('invalid_value', param, 'it is not valid base64')
  const mediaType = anyType.has(type) ? (typeByName(name) ?? typeByHead(data)) : type
  if (mediaType === null) throw refuse('unsupported_value', param, `${taken}; neither a type nor the name says what it is`)
  if (mediaType === pdf) return documentOf(data, name, param)
  if (isTextType(mediaType)) return textOf(data, name, param)
  throw refuse('unsupported_value', param, `${taken}, not ${mediaType.slice(0, 60)}`)
}

function documentOf(data: string, name: string, param: string): FileBlock {
  if (typeByHead(data) !== pdf) throw refuse('invalid_value', param, 'the data is no PDF')
  return { type: 'document', mediaType: pdf, data, ...(name !== '' && { title: titleOf(name) }) }
}

function textOf(data: string, name: string, param: string): FileBlock {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(data, 'base64'))
  } catch {
    throw refuse('invalid_value', param, 'a text file has to be in UTF-8')
  }
  const end = text.endsWith('\n') ? '' : '\n'
  return { type: 'text', text: `<file${name === '' ? '' : ` name=${quoted(name)}`}>\n${text}${end}</file>` }
}

function typeByHead(data: string): string | null {
  return Buffer.from(data.slice(0, 8), 'base64').toString('latin1').startsWith('%PDF-') ? pdf : null
}

/** The Claude API's limit of a title is 500 characters. */
function titleOf(name: string): string {
  return [...name].slice(0, 255).join('')
}

/** As the value of an attribute, so that no name can end the tag it stands in. */
function quoted(name: string): string {
  const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return `"${titleOf(name)
    .replace(/[&<>"]/g, (sign) => escapes[sign]!)
    .replace(/\p{Cc}/gu, ' ')}"`
}
