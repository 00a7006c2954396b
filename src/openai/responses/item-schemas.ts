/**
 * The items of `input`, as OpenAI's reference has them. Objects are open, as clients send back what they were given;
 * what is done with a member that is not here is decided in `items-to-messages.ts`.
 */
import { z } from 'zod'

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

const partSchema = z.discriminatedUnion('type', [textPart, refusalPart, imagePart, filePart])
const contentSchema = z.union([z.string(), z.array(partSchema)])

const messageItem = z.looseObject({
  type: z.literal('message').nullish(),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: contentSchema,
})

const callItem = z.looseObject({
  type: z.literal('function_call'),
  call_id: z.string().min(1),
  name: z.string(),
  arguments: z.string().describe('JSON text of an object'),
})

const callOutputItem = z.looseObject({
  type: z.literal('function_call_output'),
  call_id: z.string().min(1),
  output: contentSchema,
})

const reasoningItem = z
  .looseObject({ type: z.literal('reasoning') })
  .describe("accepted and left out: a model's earlier reasoning is not shown to it again")

const referenceItem = z.looseObject({
  type: z.literal('item_reference'),
  id: z.string().describe('of an output item of an earlier response'),
})

export const itemSchema = z.discriminatedUnion('type', [messageItem, callItem, callOutputItem, reasoningItem, referenceItem])

export type InputItem = z.infer<typeof itemSchema>
export type MessageItem = z.infer<typeof messageItem>
export type CallItem = z.infer<typeof callItem>
export type CallOutputItem = z.infer<typeof callOutputItem>
export type ReferenceItem = z.infer<typeof referenceItem>
export type InputPart = z.infer<typeof partSchema>
