/** The fields of a Responses request -> those of the chat request that asks for the same, its messages and tools aside. */
import type { ResponseRequest } from './request.js'
import { ownFields } from './fields.js'

/** Members that neither API knows are handed on, and named as ignored there. */
export function toChatFields(body: ResponseRequest): Record<string, unknown> {
  const others = Object.entries(body).filter(([name]) => !Object.hasOwn(ownFields, name))
  return {
    ...Object.fromEntries(others),
    stream: body.stream,
    max_completion_tokens: body.max_output_tokens,
    reasoning_effort: body.reasoning?.effort,
    verbosity: body.text?.verbosity,
    response_format: toResponseFormat(body.text?.format),
    tool_choice: body.tool_choice,
  }
}

function toResponseFormat(format: NonNullable<ResponseRequest['text']>['format']): unknown {
  if (format?.type !== 'json_schema') return format
  const { type, ...schema } = format
  return { type, json_schema: schema }
}
