/** Reads a recorded request: what the user said, what the system prompt is, what tools answered. */
import { isCliAddition } from './cli-additions.js'
import type { RecordedRequest } from './record.js'
import { blocksOf, type MessagesRequest, type RequestBlock, type RequestMessage } from './request.js'

type Readable = Pick<RecordedRequest, 'body'>

/** Every text block of every user message, in order, as it arrived, without those that the CLI adds on its own. */
export function userTexts(request: Readable): string[] {
  return (request.body.messages ?? []).filter((message) => message.role === 'user').flatMap(ownTexts)
}

/** The texts of the last user message that has any, joined by newlines; empty where there is none. */
export function lastUserText(request: Readable): string {
  const withText = (request.body.messages ?? []).filter((message) => message.role === 'user' && ownTexts(message).length > 0)
  const last = withText.at(-1)
  return last === undefined ? '' : ownTexts(last).join('\n')
}

/** The caller's system prompt: without the billing and identity blocks that the CLI puts before it. */
export function systemText(request: Readable): string {
  return textsOf(blocksOf(request.body.system))
    .filter((text) => !isCliAddition(text))
    .join('\n\n')
}

export interface ToolResult {
  id: string
  text: string
  isError: boolean
}

/** The tool results of the last message; empty where it is not one of results. */
export function toolResults(request: Readable): ToolResult[] {
  return lastBlocks(request.body)
    .filter((block) => block.type === 'tool_result')
    .map((block) => ({
      id: block.tool_use_id ?? '',
      text: textsOf(blocksOf(block.content)).join('\n'),
      isError: block.is_error === true,
    }))
}

/** Media types of the images in the last user message; an image by URL counts as `url`. */
export function imageTypes(request: Readable): string[] {
  return lastBlocks(request.body)
    .filter((block) => block.type === 'image')
    .map((block) => block.source?.media_type ?? block.source?.type ?? 'unknown')
}

/** Whether a text stands anywhere in the request's strings, names of fields left out. */
export function contains(request: Readable, text: string): boolean {
  return holds(request.body, text)
}

function holds(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value.includes(text)
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((part) => holds(part, text))
}

function lastBlocks(body: MessagesRequest): readonly RequestBlock[] {
  return blocksOf((body.messages ?? []).filter((message) => message.role === 'user').at(-1)?.content)
}

function ownTexts(message: RequestMessage): string[] {
  return textsOf(blocksOf(message.content)).filter((text) => !isCliAddition(text))
}

function textsOf(blocks: readonly RequestBlock[]): string[] {
  return blocks.filter((block) => block.type === 'text').map((block) => block.text ?? '')
}
