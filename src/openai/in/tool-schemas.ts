/** `tools`, `tool_choice` and their former names, as OpenAI's reference has them. */
import { z } from 'zod'

/** OpenAI takes 128 functions. */
export const maxTools = 128

/** OpenAI's own pattern has no dot; names of other systems do, and nothing here needs to refuse them. */
export const functionName = z.string().regex(/^[a-zA-Z0-9_.:/-]{1,128}$/, 'letters, digits and _ - . : / only, 1 to 128 of them')

const parameters = z.looseObject({}).nullish().describe('a JSON Schema whose type is object')

const functionSchema = z.looseObject({
  name: functionName,
  description: z.string().nullish(),
  parameters,
})

export const toolsSchema = z
  .array(z.discriminatedUnion('type', [z.looseObject({ type: z.literal('function'), function: functionSchema })]))
  .max(maxTools)

export const toolChoiceSchema = z.union([
  z.enum(['none', 'auto', 'required']),
  z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: functionName }) }),
    z.looseObject({
      type: z.literal('allowed_tools'),
      allowed_tools: z.looseObject({
        mode: z.enum(['auto', 'required']),
        tools: z.array(z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: functionName }) })).min(1),
      }),
    }),
  ]),
])

export const functionsSchema = z.array(functionSchema).max(maxTools)

export const functionCallSchema = z.union([z.enum(['none', 'auto']), z.looseObject({ name: functionName })])

export type FunctionDefinition = z.infer<typeof functionSchema>
export type ToolChoiceValue = z.infer<typeof toolChoiceSchema>
