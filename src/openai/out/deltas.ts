/** The pieces of an answer -> the `delta` of a chunk. */
import type { JobEvent } from '../../jobs/events.js'
import type { Delta } from './response-schemas.js'

/** The first delta of a tool call. `type` has to be in it: openai-node fails on a call without one. */
export function startOfCall(event: Extract<JobEvent, { type: 'tool_call' }>, formerCalls = false): Delta {
  if (formerCalls) return { function_call: { ...(event.name !== undefined && { name: event.name }), arguments: '' } }
  const call: NonNullable<Delta['tool_calls']>[number] = {
    index: event.index,
    type: 'function',
    function: { arguments: '' },
  }
  if (event.id !== undefined) call.id = event.id
  if (event.name !== undefined) call.function.name = event.name
  return { tool_calls: [call] }
}

/** `member` is a member of the delta, or the index of a tool call whose arguments go on. */
export function toDelta(member: string, text: string, formerCalls = false): Delta {
  if (member === 'content') return { content: text }
  if (member === 'reasoning_content') return { reasoning_content: text }
  if (formerCalls) return { function_call: { arguments: text } }
  return { tool_calls: [{ index: Number(member), function: { arguments: text } }] }
}
