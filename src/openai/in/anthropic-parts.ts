/** Parts of messages in the words of Anthropic's API, which clients send that were written for it. */
import { z } from 'zod'
import { functionName } from './tool-schemas.js'

const source = z.looseObject({
  type: z.enum(['base64', 'url', 'text']),
  media_type: z.string().nullish(),
  data: z.string().nullish(),
  url: z.string().nullish(),
})

export const imageSourcePart = z.looseObject({ type: z.literal('image'), source })

export const documentPart = z.looseObject({ type: z.literal('document'), source, title: z.string().nullish() })

/** In a message of the assistant's: a call. */
export const toolUsePart = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string(),
  name: functionName,
  input: z.looseObject({}).nullish(),
})

/** The model's thoughts, in any API's words: they are not shown to it again. */
export const thoughtPart = z.looseObject({
  type: z.enum(['thinking', 'redacted_thinking', 'reasoning', 'reasoning_text', 'summary_text', 'encrypted_content']),
})

type Source = z.infer<typeof source>

/** What the source of an image is as a URL; '' where it has none. */
export function urlOf({ type, media_type, data, url }: Source): string {
  return type === 'url' ? (url ?? '') : `data:${media_type ?? ''};base64,${data ?? ''}`
}

/** A document as the members of a file. */
export function fileOf({ source, title }: z.infer<typeof documentPart>): { filename?: string; file_data?: string; file_url?: string } {
  const name = title == null || title === '' ? {} : { filename: title }
  if (source.type === 'url') return { ...name, ...(source.url != null && { file_url: source.url }) }
  const { data, media_type: type } = source
  if (data == null) return name
  if (source.type === 'base64') return { ...name, file_data: `data:${type ?? ''};base64,${data}` }
  return { ...name, file_data: `data:${type ?? 'text/plain'};base64,${Buffer.from(data).toString('base64')}` }
}
