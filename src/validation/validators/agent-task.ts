import { z } from 'zod'
import { criteriaSchema, detailsSchema, unmet } from '../agent/criteria.js'
import { childTools, modelParams, modelRenames } from '../agent/tools.js'
import { verdictJsonSchema } from '../agent/verdict.js'
import { fillIn, showsAnswer } from '../placeholders.js'
import { resultOf } from '../check-result.js'
import { validator } from '../validator.js'

const shownAnswer = '\n\nThe text to validate:\n{TEXT_TO_VALIDATE}'

const defaultPrompt =
  'Does the text do what the request asks for, all of it, exactly? Count where it asks for a number.\n\n' +
  'The request:\n{ORIGINAL_USER_PROMPT}' +
  shownAnswer

/** A model is asked about the answer, in a child job. */
export const agentTask = validator({
  type: 'agent_task',
  renames: { ...modelRenames, task_prompt: 'task_prompt_to_claude', prompt: 'task_prompt_to_claude' },
  params: z.strictObject({
    task_prompt_to_claude: z
      .string()
      .regex(/\S/, 'it must not be empty')
      .default(defaultPrompt)
      .describe('the task, with `{CODE_TO_VALIDATE}` or `{TEXT_TO_VALIDATE}` for the answer and `{ORIGINAL_USER_PROMPT}`'),
    success_criteria: criteriaSchema.default({}).describe('all must hold; without any, `validation_passed` must be true'),
    ...modelParams,
  }),
  asks: {
    question({ content }, params, originalPrompt) {
      const { task_prompt_to_claude: task, success_criteria: criteria, validation_model_alias: model } = params
      // a model that does not see the answer would pass anything
      const template = showsAnswer(task) ? task : task + shownAnswer
      return {
        prompt: fillIn(template, { CODE_TO_VALIDATE: content, TEXT_TO_VALIDATE: content, ORIGINAL_USER_PROMPT: originalPrompt }),
        outputSchema: verdictJsonSchema(detailsSchema(criteria), flags(criteria)),
        ...(model !== undefined && { model }),
        ...childTools(params),
      }
    },
    judge: (verdict, { success_criteria: criteria }) => resultOf(unmet(verdict, criteria)),
  },
})

/** Booleans that the verdict has to have at its top; a dotted one is looked for wherever the model puts it. */
function flags(criteria: { agent_must_report_true?: string[] | undefined; agent_must_report_false?: string[] | undefined }): string[] {
  const named = [...(criteria.agent_must_report_true ?? []), ...(criteria.agent_must_report_false ?? [])]
  return [...new Set(named)].filter((name) => /^\w+$/.test(name) && name !== '__proto__')
}
