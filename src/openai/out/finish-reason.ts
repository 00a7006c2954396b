import type { Finish } from '../../jobs/events.js'

export const finishReasons = ['stop', 'length', 'tool_calls', 'function_call', 'content_filter'] as const
export type FinishReason = (typeof finishReasons)[number]

const reasons: Record<Finish, FinishReason> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  // OpenAI's reference has no reason for a model that declines; clients read this one as "content was withheld"
  refusal: 'content_filter',
}

/** Our finish -> `finish_reason` of OpenAI's chat reference; `formerCalls` where the client knows `functions` only. */
export function toFinishReason(finish: Finish, formerCalls = false): FinishReason {
  return finish === 'tool_calls' && formerCalls ? 'function_call' : reasons[finish]
}
