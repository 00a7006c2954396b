/**
 * `tools`, `tool_choice` and their former names. Each tool may be written as in OpenAI's chat reference, as in its Responses reference (the
 * definition is the tool itself), or as in Anthropic's (`input_schema`); clients mix them.
 */
import { z } from 'zod'

/** OpenAI takes 128 functions. */
export const maxTools = 128

/** OpenAI's own pattern has no dot; names of other systems do, and nothing here needs to refuse them. */
export const functionName = z.string().regex(/^[a-zA-Z0-9_.:/-]{1,128}$/, 'letters, digits and _ - . : / only, 1 to 128 of them')

const parameters = z.looseObject({}).nullish().describe('a JSON Schema whose type is object')
const description = z.string().nullish()

const functionSchema = z.looseObject({ name: functionName, description, parameters })

/** Anthropic's name of `parameters`. */
const input_schema = parameters

const functionTool = z.looseObject({
  type: z.literal('function').nullish(),
  function: functionSchema.nullish(),
  name: functionName.nullish(),
  ...{ description, parameters, input_schema },
})

const format = z
  .looseObject({ type: z.string(), syntax: z.string().nullish(), definition: z.string().nullish() })
  .nullish()
  .describe('of a grammar, what the model is told; the text is not checked')

const customTool = z.looseObject({
  type: z.literal('custom').describe('a tool that takes one text'),
  custom: z.looseObject({ name: functionName, description, format }).nullish(),
  name: functionName.nullish(),
  ...{ description, format, input_schema },
})

const knownTypes: readonly unknown[] = ['function', 'custom', 'namespace', null, undefined]

/** What no function of the client's is: it is left out, and named as ignored. */
const otherTool = z
  .looseObject({ type: z.string().refine((type) => !knownTypes.includes(type), { abort: true }) })
  .describe('any other tool: left out, and named as ignored')

const namespaceTool = z.looseObject({
  type: z.literal('namespace'),
  name: functionName,
  description,
  tools: z.array(z.union([z.discriminatedUnion('type', [functionTool, customTool]), otherTool])).max(maxTools),
})

const toolSchema = z.union([z.discriminatedUnion('type', [functionTool, customTool, namespaceTool]), otherTool])

export const toolListSchema = z.array(toolSchema)
export const toolsSchema = toolListSchema.max(maxTools)

/** Of either API: `{type, function: {name}}` or `{type, name}`. */
const named = z.looseObject({ name: functionName, namespace: z.string().nullish() }).nullish()
const ownName = { name: functionName.nullish(), namespace: z.string().nullish() }
const functionChoice = z.looseObject({ type: z.literal('function'), function: named, ...ownName })
const customChoice = z.looseObject({ type: z.literal('custom'), custom: named, ...ownName })
const otherChoice = z.looseObject({ type: z.string().refine((type) => type !== 'function' && type !== 'custom', { abort: true }) })
const allowed = {
  mode: z.enum(['auto', 'required']),
  tools: z.array(z.union([z.discriminatedUnion('type', [functionChoice, customChoice]), otherChoice])).min(1),
}

export const toolChoiceSchema = z.union([
  z.enum(['none', 'auto', 'required', 'any']),
  z.discriminatedUnion('type', [
    functionChoice,
    customChoice,
    z.looseObject({
      type: z.literal('allowed_tools'),
      allowed_tools: z.looseObject(allowed).nullish(),
      mode: allowed.mode.nullish(),
      tools: allowed.tools.nullish(),
    }),
    // Anthropic's
    z.looseObject({ type: z.literal('tool'), name: functionName, disable_parallel_tool_use: z.boolean().nullish() }),
    z.looseObject({ type: z.enum(['auto', 'any', 'none', 'required']), disable_parallel_tool_use: z.boolean().nullish() }),
  ]),
])

export const functionsSchema = z.array(functionSchema).max(maxTools)

export const functionCallSchema = z.union([z.enum(['none', 'auto']), z.looseObject({ name: functionName })])

export type FunctionDefinition = z.infer<typeof functionSchema>
export type CustomDefinition = NonNullable<z.infer<typeof customTool>['custom']>
export type ToolValue = z.infer<typeof toolSchema>
export type NamespaceValue = z.infer<typeof namespaceTool>
export type ToolChoiceValue = z.infer<typeof toolChoiceSchema>
export type AllowedChoice = z.infer<typeof allowed.tools>[number]

/** Whether a tool is none that could be offered. */
export function isOther(tool: { type?: unknown }): boolean {
  return !knownTypes.includes(tool.type)
}
