/**
 * What a process is told once, before its first turn, as control requests in their order. It reaches the CLI over stdin, so no prompt and
 * no schema ever stands in an argument list.
 */
import type { ClaudeRequest, OutputSchema } from '../../request/conversation.js'
import { cliSchema } from '../protocol/cli-schema.js'
import type { FieldsAt } from './field-places.js'
import { clientServer } from '../protocol/tool-names.js'

export interface ControlRequest {
  subtype: string
  [key: string]: unknown
}

/** For a process that has heard nothing yet; `exercised`: see `exercise.ts`. */
export function processSettings(
  request: Pick<ClaudeRequest, FieldsAt<'once per process' | 'launch'>>,
  exercised: boolean,
): ControlRequest[] {
  const requests: ControlRequest[] = []
  // the CLI joins the parts by a blank line
  const prompt = exercised ? request.system.filter((part) => part !== '').join('\n\n') : ''
  if (prompt !== '') requests.push({ subtype: 'set_model', model: request.model, system_prompt: prompt, only_if_model_is_current: true })
  // of prompts and schemas, only the first initialize of a process counts
  const initialize = {
    ...(!exercised && request.system.length > 0 && { systemPrompt: request.system }),
    ...(request.tools !== undefined && { sdkMcpServers: [clientServer] }),
    ...(request.output !== undefined && { jsonSchema: described(request.output) }),
  }
  if (Object.keys(initialize).length > 0) requests.push({ subtype: 'initialize', ...initialize })
  return requests
}

/** The CLI takes a schema and nothing beside it, so what the answer is for stands at the head of the schema's own description. */
function described({ description, schema }: OutputSchema): Record<string, unknown> {
  const taken = cliSchema(schema)
  const own = taken['description']
  if (description === undefined || description === own) return taken
  return { ...taken, description: typeof own === 'string' ? `${description}\n\n${own}` : description }
}
