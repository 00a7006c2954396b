/** What validators will ask of models, tried when the request is taken and not after its answer has been paid for. */
import { BridgeError } from '../../errors/catalogue.js'
import type { AttemptPlan } from '../../request/plan.js'
import { asksModel, childTools } from '../../validation/parsing.js'
import type { ChatRequest } from './chat-request.js'

type Params = Parameters<typeof childTools>[0] & { validation_model_alias?: string }

/**
 * Throws what `parse` says of a validator's model and tools, with the check's parameters as `param`.
 * @param parse of a request as a validator makes it
 */
export function tryValidators(plan: AttemptPlan | undefined, claudeModel: string, parse: (body: ChatRequest) => unknown): void {
  for (const [index, check] of (plan?.checks ?? []).entries()) {
    if (!asksModel(check)) continue
    const params = check.params as Params
    try {
      parse({ model: params.validation_model_alias ?? claudeModel, question: 'x', ...childTools(params).tools })
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error
      const { code, message, param } = error.failure
      const at = param === 'model' ? '.validation_model_alias' : ''
      throw new BridgeError(code, message, { param: `validation[${index}].params${at}`, cause: error })
    }
  }
}
