/** Options go only to models that take them: one that a model refuses would cost the whole request, after several calls of the API. */
import type { ClaudeRequest } from './conversation.js'
import type { Ignored } from './ignored.js'
import { type Takes, takesOf } from './model-families.js'
import type { AliasModels } from './model-names.js'

type Options = Pick<ClaudeRequest, 'model' | 'effort' | 'maxTokens' | 'tools' | 'toolChoice' | 'output' | 'sampling'>

/** Below this limit of tokens thinking could leave nothing for the answer. */
const fewTokens = 2048

/** Takes out of a request what its model does not take, and names it. @param choice the field that the choice of a tool came in */
export function fitOptions(
  run: Options,
  ignored: Ignored,
  choice: 'tool_choice' | 'function_call' = 'tool_choice',
  aliasModels?: AliasModels,
): void {
  const takes = takesOf(run.model, aliasModels)
  if (takes === null) return
  fitLevel(run, takes, ignored)
  if (takes.withoutThinking) {
    if (takes.effortBounded && isWithoutThinking(run) && (run.effort === 'xhigh' || run.effort === 'max')) {
      run.effort = 'high'
      ignored.add('reasoning_effort')
    }
    return
  }
  if (isForced(run)) {
    // the one that was to be called is the only one there is
    if (typeof run.toolChoice === 'object') run.tools = toolsNamed(run, run.toolChoice.name)
    delete run.toolChoice
    ignored.add(choice)
  }
  // the JSON of an answer is a call as well, which cannot be forced beside others: what may not be called is not there
  if (run.toolChoice === 'none' && run.output !== undefined) {
    delete run.tools
    delete run.toolChoice
  }
  if (run.effort === 'none') {
    run.effort = 'low'
    ignored.add('reasoning_effort')
  }
  // a title of 16 tokens would be spent on thoughts
  if (run.effort === undefined && run.maxTokens !== undefined && run.maxTokens < fewTokens) run.effort = 'low'
}

/** A level that the model does not have would be lowered by the CLI, or left out, without a word. */
function fitLevel(run: Options, { withoutLevels }: Takes, ignored: Ignored): void {
  const { effort } = run
  if (effort === undefined || effort === 'none' || withoutLevels === undefined) return
  if (withoutLevels === 'any') delete run.effort
  else if (effort === 'xhigh' || (effort === 'max' && withoutLevels === 'above_high')) run.effort = 'high'
  else return
  ignored.add('reasoning_effort')
}

/**
 * Gives a request the sampling that it asks for, where its model takes it: without thinking, and no more than 1. After {@link fitOptions}.
 * @param asked by the names of the fields; what is given is not named as ignored
 */
export function fitSampling(
  run: Options,
  asked: { temperature?: unknown; top_p?: unknown },
  ignored: Ignored,
  aliasModels?: AliasModels,
): void {
  const takes = takesOf(run.model, aliasModels)
  // a model that is not known is sent what was asked for; see fitted-executor.ts
  if ((takes !== null && takes.sampling === undefined) || !(isWithoutThinking(run) || run.effort === 'none')) return
  const temperature = fraction(asked.temperature)
  const both = takes?.sampling !== 'either' || temperature === undefined
  const topP = both ? fraction(asked.top_p) : undefined
  if (temperature === undefined && topP === undefined) return
  run.sampling = { ...(temperature !== undefined && { temperature }), ...(topP !== undefined && { topP }) }
  if (temperature !== undefined) ignored.remove('temperature')
  if (topP !== undefined) ignored.remove('top_p')
}

function fraction(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined
}

function toolsNamed({ tools = [] }: Options, name: string): Options['tools'] {
  return tools.filter((tool) => tool.name === name)
}

function isForced({ tools, toolChoice }: Options): boolean {
  return tools !== undefined && (toolChoice === 'required' || typeof toolChoice === 'object')
}

/** As the turn will be sent: see `turn-settings.ts`. */
function isWithoutThinking(run: Options): boolean {
  return isForced(run) || (run.maxTokens !== undefined && run.maxTokens < fewTokens)
}
