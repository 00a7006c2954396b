/** A validator's question as any client would ask it -> a request of the executor's. */
import { type ChatOptions, parseChat } from './openai/in/parse-chat.js'
import type { InnerRequest } from './request/job-request.js'
import type { ChildJob } from './validation/child-jobs.js'

/** Throws BridgeError: `model_not_found` for a model that there is not. */
export function childRequest(child: ChildJob, options: ChatOptions): InnerRequest {
  const { model = options.claudeModel, system, prompt, outputSchema, tools } = child
  const { run } = parseChat(
    {
      model,
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: prompt },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'verdict', schema: outputSchema } },
      ...tools,
    },
    options,
  )
  return run
}
