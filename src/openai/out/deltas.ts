/** The pieces of an answer -> the `delta` of a chunk. */
import type { JobEvent } from '../../jobs/events.js'
import type { Delta } from './response-schemas.js'

/** The first delta of a tool call. `type` has to be in it: openai-node fails on a call without one. */
export function startOfCall(event: Extract<JobEvent, { type: 'tool_call' }>, formerCalls = false): Delta {
  if (formerCalls) return { function_call: { ...(event.name !== undefined && { name: event.name }), arguments: '' } }
  const { id, index, name, namespace } = event
  const called = { ...(name !== undefined && { name }), ...(namespace !== undefined && { namespace }) }
  const call: NonNullable<Delta['tool_calls']>[number] = {
    index,
    ...(event.custom
      ? { type: 'custom' as const, custom: { ...called, input: '' } }
      : { type: 'function' as const, function: { ...called, arguments: '' } }),
  }
  if (id !== undefined) call.id = id
  return { tool_calls: [call] }
}

/** `member` of a call of a custom tool, for {@link toDelta}. */
export function customMember(index: number): string {
  return `custom ${index}`
}

/** `member` is a member of the delta, or the index of a tool call whose arguments go on. */
export function toDelta(member: string, text: string, formerCalls = false): Delta {
  if (member === 'content') return { content: text }
  if (member === 'reasoning_content') return { reasoning_content: text }
  if (formerCalls) return { function_call: { arguments: text } }
  const custom = /^custom (\d+)$/.exec(member)
  if (custom !== null) return { tool_calls: [{ index: Number(custom[1]), custom: { input: text } }] }
  return { tool_calls: [{ index: Number(member), function: { arguments: text } }] }
}
