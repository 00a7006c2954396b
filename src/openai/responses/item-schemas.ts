/**
 * The items of `input`, as OpenAI's reference has them. Objects are open, as clients send back what they were given;
 * what is done with a member that is not here is decided in `items-to-messages.ts`.
 */
import { z } from 'zod'
import { thoughtPart } from '../in/anthropic-parts.js'
import { functionName, toolListSchema } from '../in/tool-schemas.js'

const textPart = z.looseObject({
  // the last one is the chat API's name for the same
  type: z.enum(['input_text', 'output_text', 'text']),
  text: z.string(),
})

const refusalPart = z.looseObject({ type: z.literal('refusal'), refusal: z.string() })

const imagePart = z.looseObject({
  type: z.literal('input_image'),
  image_url: z.string().nullish().describe('`data:image/(png|jpeg|gif|webp);base64,…`'),
  file_id: z.string().nullish().describe('refused: no files are kept here'),
  detail: z.string().nullish().describe('ignored'),
})

const filePart = z.looseObject({
  type: z.literal('input_file'),
  file_data: z.string().nullish().describe('a data URL'),
  filename: z.string().nullish(),
  file_id: z.string().nullish().describe('refused: no files are kept here'),
  file_url: z.string().nullish().describe('refused: nothing is fetched'),
})

const partSchema = z.discriminatedUnion('type', [textPart, refusalPart, imagePart, filePart, thoughtPart])
const contentSchema = z.union([z.string(), z.array(partSchema)])

const messageItem = z.looseObject({
  type: z.literal('message').nullish(),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: contentSchema.nullable(),
})

const namespace = functionName.nullish().describe('of a tool that was offered in one')

const callItem = z.looseObject({
  type: z.literal('function_call'),
  call_id: z.string().nullish(),
  name: z.string(),
  namespace,
  arguments: z
    .union([z.string(), z.looseObject({})])
    .nullish()
    .describe('JSON text of an object'),
})

const customCallItem = z.looseObject({
  type: z.literal('custom_tool_call'),
  call_id: z.string().nullish(),
  name: z.string(),
  namespace,
  input: z.string(),
})

const callOutputItem = z.looseObject({
  type: z.enum(['function_call_output', 'custom_tool_call_output']),
  call_id: z.string().nullish(),
  output: contentSchema.nullish(),
})

const additionalTools = z
  .looseObject({ type: z.literal('additional_tools'), tools: toolListSchema })
  .describe('offered beside those of `tools`; of two with the same name the last one counts')

const reasoningItem = z
  .looseObject({ type: z.literal('reasoning') })
  .describe("accepted and left out: a model's earlier reasoning is not shown to it again")

const referenceItem = z.looseObject({
  type: z.literal('item_reference'),
  id: z.string().describe('of an output item of an earlier response'),
})

const known = [messageItem, callItem, customCallItem, callOutputItem, reasoningItem, referenceItem, additionalTools] as const

const knownTypes = new Set<unknown>([
  ...['message', 'function_call', 'custom_tool_call', 'function_call_output', 'custom_tool_call_output'],
  ...['reasoning', 'item_reference', 'additional_tools', null, undefined],
])

const otherItem = z
  .looseObject({ type: z.string().refine((type) => !knownTypes.has(type), { abort: true }) })
  .describe('calls of tools that are not offered here, and their outputs, are carried; what has no words is left out and named')

export const itemSchema = z.union([z.discriminatedUnion('type', known), otherItem])

export type OtherItem = z.infer<typeof otherItem>
type KnownItem = z.infer<(typeof known)[number]>

/** False for an item of a tool that is not offered here, or of a type that is not known. */
export function isKnown(item: InputItem): item is KnownItem {
  return knownTypes.has(item.type)
}

export type InputItem = KnownItem | OtherItem
export type MessageItem = z.infer<typeof messageItem>
export type CallItem = z.infer<typeof callItem> | z.infer<typeof customCallItem>
export type CallOutputItem = z.infer<typeof callOutputItem>
export type ReferenceItem = z.infer<typeof referenceItem>
export type InputPart = z.infer<typeof partSchema>
