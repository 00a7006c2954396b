/** Every tool of the bridge's own MCP server, and how they are listed. */
import type { Tool as ListedTool } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { listModels } from '../../src/openai/out/models.js'
import { modelListSchema } from '../../src/openai/out/response-schemas.js'
import { ask } from './ask.js'
import { cancelTask, getTask, listTasks, startTask } from './tasks.js'
import { defineTool } from './tool.js'

const models = defineTool({
  name: 'list_models',
  title: 'List models',
  description: 'Lists the names that `model` takes.',
  input: z.looseObject({}),
  output: modelListSchema,
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  run: async (_input, { config }) => ({ data: { object: 'list' as const, data: listModels(config) } }),
})

export const tools = [ask, startTask, getTask, cancelTask, listTasks, models]

/** The answer to `tools/list`; draft 7 of JSON Schema is what every client's validator knows. */
export const listedTools = tools.map(({ name, title, description, input, output, annotations }): ListedTool => {
  return { name, title, description, inputSchema: asJson(input, 'input'), outputSchema: asJson(output, 'output'), annotations }
})

function asJson(schema: z.ZodType, io: 'input' | 'output'): ListedTool['inputSchema'] {
  return z.toJSONSchema(schema, { target: 'draft-7', io }) as ListedTool['inputSchema']
}
