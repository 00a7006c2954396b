/** `ask`: one question, and its answer. The job is the call's: who cancels the call or goes away cancels it. */
import { BridgeError, type Failure } from '../../src/errors/catalogue.js'
import { isFinal } from '../../src/jobs/status.js'
import { hasResult, toCompletion } from '../../src/openai/out/completion.js'
import { completionSchema, type Completion } from '../../src/openai/out/response-schemas.js'
import { reviewRequired } from '../../src/tasks/review.js'
import { chatArguments, submitArguments } from './chat-arguments.js'
import { waitAndTell } from './progress.js'
import { defineTool } from './tool.js'

export const ask = defineTool({
  name: 'ask',
  title: 'Ask Claude',
  description: 'Asks Claude one question, or to go on with a conversation, and waits for the answer.',
  input: chatArguments,
  output: completionSchema,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  async run(args, context) {
    const { jobs } = context
    const { id } = await submitArguments(args, context, false)
    const detach = jobs.attach(id)
    try {
      const job = await waitAndTell(id, context)
      if (context.signal.aborted) throw new BridgeError('cancelled', 'The call was cancelled.')
      if (job === null) throw new BridgeError('task_not_found', 'The task was deleted while this call waited for it.')
      if (job.error !== null) throw failed(job.error)
      if (job.status === 'requires_action') throw failed(reviewRequired(id))
      if (!isFinal(job.status)) throw new BridgeError('server_shutdown', 'The server is shutting down.', { retryAfter: 5 })
      // no BridgeError: those are the caller's to know, this one is ours to log
      if (!hasResult(job)) throw new Error(`${id} ended without a result`)
      const data = toCompletion(job)
      return { data, text: textOf(data) }
    } finally {
      detach()
    }
  },
})

function failed(failure: Failure): BridgeError {
  return new BridgeError(failure.code, failure.message, failure)
}

/** The answer alone; several, or calls of functions, as JSON. */
function textOf({ choices }: Completion): string {
  const [{ message } = { message: null }, ...others] = choices
  if (message === null || others.length > 0 || message.tool_calls !== undefined) return JSON.stringify(choices)
  return message.content ?? message.refusal ?? ''
}
