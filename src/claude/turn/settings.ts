/**
 * What a process is told once, before its first turn, as control requests in their order. It reaches the CLI over stdin, so no prompt and
 * no schema ever stands in an argument list.
 */
import { type ClaudeRequest, type OutputSchema, unnamed } from '../../request/conversation.js'
import { cliSchema } from '../protocol/cli-schema.js'
import type { FieldsAt } from './field-places.js'
import { flatRoot } from '../../schema/flat-root.js'
import { withNames } from '../../schema/property-keys.js'
import { plainPrompt } from '../protocol/plain-prompt.js'
import { namesIn } from '../protocol/tool-keys.js'
import { clientServer } from '../protocol/tool-names.js'

export interface ControlRequest {
  subtype: string
  [key: string]: unknown
}

/**
 * How a process is told its prompt. `once`: the first `initialize` has it, for good. `again`: by `set_model`, which names the model that
 * runs and can be said before every question; the first `initialize` must have asked for no record of the prompt.
 */
export type PromptWay = 'once' | 'again'

/** The prompt as the CLI keeps it; '' for none. It joins the parts by a blank line. */
export function promptOf({ system }: Pick<ClaudeRequest, 'system'>): string {
  return plainPrompt(system.filter((part) => part !== '').join('\n\n'))
}

/** For a process that has heard nothing yet; `exercised`: its first `initialize` was said already, see `exercise.ts`. */
export function processSettings(
  request: Pick<ClaudeRequest, FieldsAt<'once per process' | 'launch' | 'prompt'>>,
  way: PromptWay,
  exercised: boolean,
): ControlRequest[] {
  const requests: ControlRequest[] = []
  const prompt = promptOf(request)
  // of prompts and schemas, only the first initialize of a process counts
  const initialize = {
    ...(way === 'again' && !exercised && { systemPromptSnapshot: false }),
    ...(way === 'once' && prompt !== '' && { systemPrompt: [prompt] }),
    ...(request.tools !== undefined && { sdkMcpServers: [clientServer] }),
    ...(request.output !== undefined && { jsonSchema: described(request.output) }),
  }
  if (Object.keys(initialize).length > 0) requests.push({ subtype: 'initialize', ...initialize })
  if (way === 'again' && prompt !== '') requests.push(promptSetting(request.model, prompt))
  return requests
}

/** @param prompt not empty: the CLI refuses to take a prompt away */
export function promptSetting(model: string, prompt: string): ControlRequest {
  return { subtype: 'set_model', model, system_prompt: prompt, only_if_model_is_current: true }
}

/**
 * The CLI takes a schema and nothing beside it, so what the answer is for stands at the head of the schema's own description, and its name is
 * the schema's title. The bridge holds the answer against the client's own schema in the end.
 */
function described({ name, description, schema }: OutputSchema): Record<string, unknown> {
  const keys = namesIn(schema)
  const { schema: taken, rule } = flatRoot(cliSchema(keys === null ? schema : withNames(schema, keys.toModel)))
  const own = typeof taken['description'] === 'string' ? taken['description'] : undefined
  const texts = [description === own ? undefined : description, own, rule].filter((text) => text != null && text !== '')
  return {
    ...taken,
    ...(!unnamed.includes(name) && typeof taken['title'] !== 'string' && { title: name }),
    ...(texts.length > 0 && { description: texts.join('\n\n') }),
  }
}
