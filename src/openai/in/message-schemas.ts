/**
 * The messages of a chat request, as OpenAI's reference has them. Objects are open, as clients add their own members;
 * what is done with a member that is not here is decided in `messages-to-conversation.ts`.
 */
import { z } from 'zod'
import { documentPart, imageSourcePart, thoughtPart, toolUsePart } from './anthropic-parts.js'
import { functionName } from './tool-schemas.js'

const textPart = z.looseObject({
  // the last two are the Responses API's names for the same, which clients mix in
  type: z.enum(['text', 'input_text', 'output_text']),
  text: z.string(),
})

const refusalPart = z.looseObject({ type: z.literal('refusal'), refusal: z.string() })

const imageUrl = z.string().describe('`data:image/(png|jpeg|gif|webp);base64,…`, or an http(s) URL of such an image')

const imagePart = z.looseObject({
  type: z.literal('image_url'),
  image_url: z.looseObject({
    url: imageUrl,
    detail: z.string().nullish().describe('ignored'),
  }),
})

// the Responses API's name for the same
const inputImagePart = z.looseObject({
  type: z.literal('input_image'),
  image_url: imageUrl.nullish(),
  file_id: z.string().nullish().describe('refused: there are no uploads'),
  detail: z.string().nullish().describe('ignored'),
})

const fileMembers = {
  filename: z.string().nullish(),
  file_data: z.string().nullish().describe('a PDF or a UTF-8 text file: `data:application/pdf;base64,…`, or base64 alone'),
  file_id: z.string().nullish().describe('refused: there are no uploads'),
  file_url: z.string().nullish().describe('refused'),
}

const filePart = z.looseObject({ type: z.literal('file'), file: z.looseObject(fileMembers) })

// the Responses API's name for the same
const inputFilePart = z.looseObject({ type: z.literal('input_file'), ...fileMembers })

export const textParts = z.array(z.discriminatedUnion('type', [textPart]))
const images = [imagePart, inputImagePart, imageSourcePart] as const
// a tool may have nothing to say, and so may an assistant whose answer was stopped
const toolParts = z.array(z.discriminatedUnion('type', [textPart, ...images]))
const toolContent = z.union([z.string(), toolParts]).nullish()

/** Anthropic's: the result of a call, in a message of the user's. */
const toolResultPart = z.looseObject({ type: z.literal('tool_result'), tool_use_id: z.string(), content: toolContent })

const parts = z.array(z.discriminatedUnion('type', [textPart, ...images, filePart, inputFilePart, documentPart, toolResultPart]))
const assistantParts = z.array(z.discriminatedUnion('type', [textPart, refusalPart, ...images, toolUsePart, thoughtPart]))

const callArguments = z
  .union([z.string(), z.looseObject({})])
  .nullish()
  .describe('JSON text of an object, or the object')

const toolCall = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('function').nullish(),
    id: z.string().nullish().describe('of calls without ids the results come in their order'),
    function: z.looseObject({
      name: functionName,
      namespace: functionName.nullish().describe('of a tool that was offered in one'),
      arguments: callArguments,
    }),
  }),
  z.looseObject({
    type: z.literal('custom'),
    id: z.string().nullish(),
    custom: z.looseObject({ name: functionName, namespace: functionName.nullish(), input: z.string() }),
  }),
])

const systemMessage = z.looseObject({
  role: z.enum(['system', 'developer']).describe('the same; wherever they stand, they go in front, in their order'),
  content: z.union([z.string(), textParts]).nullable(),
})

const userMessage = z.looseObject({ role: z.literal('user'), content: z.union([z.string(), parts]).nullable() })

const assistantMessage = z.looseObject({
  role: z.literal('assistant'),
  content: z.union([z.string(), assistantParts]).nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  function_call: z.looseObject({ name: functionName, arguments: callArguments }).nullish().describe('former name of one call'),
})

const toolMessage = z.looseObject({
  role: z.literal('tool'),
  tool_call_id: z.string(),
  content: z.union([z.string(), toolParts]).nullable(),
})

const functionMessage = z.looseObject({
  role: z.literal('function').describe('former name of `tool`: answers the `function_call` before it'),
  name: z.string(),
  content: toolContent,
})

export const messageSchema = z.discriminatedUnion('role', [systemMessage, userMessage, assistantMessage, toolMessage, functionMessage])

export type Message = z.infer<typeof messageSchema>
export type SystemMessage = z.infer<typeof systemMessage>
export type UserMessage = z.infer<typeof userMessage>
export type AssistantMessage = z.infer<typeof assistantMessage>
export type ToolMessage = z.infer<typeof toolMessage>
export type FunctionMessage = z.infer<typeof functionMessage>
export type ContentPart = z.infer<typeof parts>[number] | z.infer<typeof assistantParts>[number]
