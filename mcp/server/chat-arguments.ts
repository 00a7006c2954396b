/**
 * The arguments of `ask` and `start_task`: the fields of a chat request. What is shown to the model that chooses a tool is short; what
 * is taken is everything that a chat request may say, checked by the same schema and mapped by the same function.
 */
import { z } from 'zod'
import { submitChat } from '../../src/intake/submit.js'
import type { Job } from '../../src/jobs/job.js'
import { type Rule, fields } from '../../src/openai/in/honoured-fields.js'
import { parseLargeChat } from '../../src/openai/in/parse-chat.js'
import { refuse } from '../../src/errors/refuse.js'
import { validateChat } from '../../src/openai/in/validate-chat.js'
import { depthHeader } from '../../src/intake/depth.js'
import type { ToolContext } from './tool.js'

/** In the order of use; those that the table of fields does not honour yet are not shown. */
const shown = [
  'question',
  'max_completion_tokens',
  'reasoning_effort',
  'response_format',
  'mcp_servers',
  'allowed_tools',
  'validation',
  'metadata',
  'timeout',
  'max_cost_usd',
] as const satisfies (keyof typeof fields)[]

const honoured = shown.filter((name) => (fields[name] as Rule).does === 'honoured')

/** Each of the two tools takes its answer in its own way. */
const decided = ['stream', 'stream_options', 'background', 'wait_for_completion']

export const chatArguments = z.looseObject({
  ...Object.fromEntries(honoured.map((name) => [name, fields[name].schema])),
  messages: z
    .array(z.looseObject({ role: z.string(), content: z.unknown() }))
    .nullish()
    .describe('a whole conversation as in a chat completion, in place of `question`'),
  model: z.string().nullish().describe('what `list_models` lists; left out: the default model of the server'),
})

/** @throws BridgeError as a chat request would be refused */
export async function submitArguments(
  args: Record<string, unknown>,
  { jobs, config, caller, publicAgent, compiler, signal }: ToolContext,
  background: boolean,
): Promise<Job> {
  for (const name of decided) {
    if (args[name] != null) throw refuse('unsupported_parameter', name, 'the tool decides how the answer is taken')
  }
  const { value, error } = await validateChat({ ...args, model: args['model'] ?? 'max' }, config)
  if (error !== undefined) throw error
  const parsed = await parseLargeChat(value, config)
  const { depth, ...who } = caller
  const from = { ...who, headers: { [depthHeader]: depth }, body: value, publicAgent, compiler, gone: signal }
  return (await submitChat(from, jobs, config, parsed, background)).job
}
