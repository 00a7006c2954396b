/** The events of one output item, in OpenAI's names; their sequence numbers come later. */
import type { CallOutput, CustomCallOutput, MessageOutput, OutputPart, ReasoningOutput } from './response-schemas.js'

export interface OutputEvent {
  type: string
  [member: string]: unknown
}

/** An item in its place in the output. */
export interface Placed<Item> {
  item: Item
  index: number
}

export function itemAdded({ item, index }: Placed<object>): OutputEvent {
  return { type: 'response.output_item.added', output_index: index, item: structuredClone(item) }
}

export function itemDone({ item, index }: Placed<object>): OutputEvent {
  return { type: 'response.output_item.done', output_index: index, item: structuredClone(item) }
}

/** A part that begins empty. */
export function partAdded({ item, index }: Placed<MessageOutput>, at: number): OutputEvent {
  return { type: 'response.content_part.added', ...place(item, index, at), part: { ...item.content[at] } }
}

export function partDelta({ item, index }: Placed<MessageOutput>, at: number, delta: string): OutputEvent {
  const where = place(item, index, at)
  return item.content[at]!.type === 'refusal'
    ? { type: 'response.refusal.delta', ...where, delta }
    : { type: 'response.output_text.delta', ...where, delta, logprobs: [] }
}

export function partDone({ item, index }: Placed<MessageOutput>, at: number): OutputEvent[] {
  const where = place(item, index, at)
  const part: OutputPart = item.content[at]!
  const whole =
    part.type === 'refusal'
      ? { type: 'response.refusal.done', ...where, refusal: part.refusal }
      : { type: 'response.output_text.done', ...where, text: part.text, logprobs: [] }
  return [whole, { type: 'response.content_part.done', ...where, part: { ...part } }]
}

export function summaryAdded({ item, index }: Placed<ReasoningOutput>): OutputEvent {
  const part = { type: 'summary_text', text: '' }
  return { type: 'response.reasoning_summary_part.added', ...summary(item, index), part }
}

export function summaryDelta({ item, index }: Placed<ReasoningOutput>, delta: string): OutputEvent {
  return { type: 'response.reasoning_summary_text.delta', ...summary(item, index), delta }
}

export function summaryDone({ item, index }: Placed<ReasoningOutput>): OutputEvent[] {
  const part = { ...item.summary[0]! }
  return [
    { type: 'response.reasoning_summary_text.done', ...summary(item, index), text: part.text },
    { type: 'response.reasoning_summary_part.done', ...summary(item, index), part },
  ]
}

export function argumentsDelta({ item, index }: Placed<CallOutput>, delta: string): OutputEvent {
  return { type: 'response.function_call_arguments.delta', item_id: item.id, output_index: index, delta }
}

export function argumentsDone({ item, index }: Placed<CallOutput>): OutputEvent {
  const { id, name } = item
  return {
    ...{ type: 'response.function_call_arguments.done', item_id: id, output_index: index },
    ...{ name, arguments: item.arguments },
  }
}

export function inputDelta({ item, index }: Placed<CustomCallOutput>, delta: string): OutputEvent {
  return { type: 'response.custom_tool_call_input.delta', item_id: item.id, output_index: index, delta }
}

export function inputDone({ item, index }: Placed<CustomCallOutput>): OutputEvent {
  return { type: 'response.custom_tool_call_input.done', item_id: item.id, output_index: index, input: item.input }
}

function place(item: { id: string }, index: number, at: number): object {
  return { item_id: item.id, output_index: index, content_index: at }
}

function summary(item: { id: string }, index: number): object {
  return { item_id: item.id, output_index: index, summary_index: 0 }
}
