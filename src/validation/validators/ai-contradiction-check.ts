import { z } from 'zod'
import { childTools, modelParams, modelRenames } from '../agent/tools.js'
import { verdictJsonSchema } from '../agent/verdict.js'
import { fillIn } from '../placeholders.js'
import { passed, resultOf, wrong } from '../check-result.js'
import { validator } from '../validator.js'
import { ValidatorFailed } from '../validator-failed.js'

const task = 'Find contradictions in the text: statements that contradict each other, and statements that contradict established knowledge.'

/** A model finds no contradictions in the answer, or in a text that the request brings. */
export const aiContradictionCheck = validator({
  type: 'ai_contradiction_check',
  renames: { ...modelRenames, topic: 'topic_context', text: 'text_to_check' },
  params: z.strictObject({
    text_to_check: z.string().regex(/\S/, 'it must not be empty').default('{TEXT_TO_VALIDATE}').describe('checked instead of the answer'),
    topic_context: z.string().optional().describe('what the text is about'),
    ...modelParams,
  }),
  asks: {
    question({ content }, params, originalPrompt) {
      const { text_to_check, topic_context: topic, validation_model_alias: model, required_mcp_tools: servers } = params
      const texts = { CODE_TO_VALIDATE: content, TEXT_TO_VALIDATE: content, ORIGINAL_USER_PROMPT: originalPrompt }
      return {
        prompt: [
          task,
          ...(topic === undefined ? [] : [`Topic: ${topic}`]),
          ...(servers === undefined || servers.length === 0 ? [] : [`Use these tools for research: ${servers.join(', ')}`]),
          'List each contradiction in details.contradictions as one sentence; validation_passed is true only if there are none.',
          `The text:\n${fillIn(text_to_check, texts)}`,
        ].join('\n\n'),
        outputSchema: verdictJsonSchema({
          type: 'object',
          properties: { contradictions: { type: 'array', items: { type: 'string' } } },
          required: ['contradictions'],
        }),
        ...(model !== undefined && { model }),
        ...childTools(params),
      }
    },
    judge(verdict) {
      const contradictions = contradictionsOf(verdict.details)
      if (contradictions.length > 0) {
        return resultOf(
          contradictions.slice(0, 20).map((found) => ({ message: `The text has a contradiction: ${found.slice(0, 500)}`, mend })),
        )
      }
      if (verdict.validation_passed) return passed
      return wrong('The validating model did not pass the text.', { mend: `Its reasoning: ${verdict.reasoning.slice(0, 2000)}` })
    },
  },
})

const mend = 'Remove the contradiction, or say which statement is right.'

/** @throws ValidatorFailed without a list: nothing passes by what was not said */
function contradictionsOf(details: unknown): string[] {
  const found = z.looseObject({ contradictions: z.array(z.unknown()) }).safeParse(details)
  if (!found.success) throw new ValidatorFailed({ code: 'upstream_error', message: 'The validating model gave no list of contradictions.' })
  return found.data.contradictions.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
}
