import type { Choice, ToolCall } from '../../jobs/answer.js'
import type { Job } from '../../jobs/job.js'
import { bridgeOf } from './bridge.js'
import { inputOf } from './custom-input.js'
import { toFinishReason } from './finish-reason.js'
import { completionId } from './ids.js'
import type { Completion } from './response-schemas.js'
import { toUsage } from './usage.js'

/** What stands in `reasoning_content` between reasoning and words that were said before calls. */
export const betweenAsides = '\n\n'

type Message = Completion['choices'][number]['message']

/** Whether a job has a result: it ended with an answer. A failed or cancelled one has none, whatever it had said. */
export function hasResult(job: Job): boolean {
  return job.answer !== null && (job.status === 'completed' || job.status === 'incomplete')
}

/**
 * A job that has a result -> the body of `POST /v1/chat/completions`. Throws a TypeError for a job without an answer:
 * ask {@link hasResult} first.
 */
export function toCompletion(job: Job): Completion {
  if (job.answer === null) throw new TypeError(`job ${job.id} has no answer`)
  const completion: Completion = {
    id: completionId(job.id),
    object: 'chat.completion',
    created: Math.floor(job.createdAt / 1000),
    model: job.model,
    choices: job.answer.choices.map((choice, index) => ({
      index,
      message: toMessage(choice, job.view.formerCalls === true),
      finish_reason: toFinishReason(choice.finish ?? 'stop', job.view.formerCalls),
      logprobs: null,
    })),
    bridge: bridgeOf(job),
  }
  if (job.answer.usage !== null) completion.usage = toUsage(job.answer.usage)
  if (job.view.tellTier) completion.service_tier = 'default'
  if (Object.keys(job.metadata).length > 0) completion.metadata = job.metadata
  return completion
}

function toMessage(choice: Choice, formerCalls: boolean): Message {
  const refusal = choice.refusal || null
  const message: Message = {
    role: 'assistant',
    // OpenAI: null where the answer is not text but calls or a refusal
    content: choice.text === '' && (choice.toolCalls.length > 0 || refusal !== null || choice.asides !== undefined) ? null : choice.text,
    refusal,
  }
  const thoughts = choice.asides?.map(({ text }) => text).join(betweenAsides) ?? choice.reasoning
  if (thoughts !== '') message.reasoning_content = thoughts
  const calls = choice.toolCalls
  if (formerCalls && calls.length > 0) message.function_call = toFunction(calls[0]!)
  else if (calls.length > 0) message.tool_calls = calls.map(toToolCall)
  return message
}

function toToolCall(call: ToolCall): NonNullable<Message['tool_calls']>[number] {
  const { id, name, namespace, custom } = call
  if (custom) return { id, type: 'custom', custom: { name, ...(namespace !== undefined && { namespace }), input: inputOf(call.arguments) } }
  return { id, type: 'function', function: toFunction(call) }
}

function toFunction({ name, namespace, arguments: text }: ToolCall) {
  // a call without arguments is streamed by the model as no text at all, and clients parse this as JSON
  return { name, ...(namespace !== undefined && { namespace }), arguments: text || '{}' }
}
