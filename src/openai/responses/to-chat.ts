/** The fields of a Responses request -> those of the chat request that asks for the same, its messages aside. */
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
    tools: body.tools?.map(({ type, ...definition }) => ({ type, function: definition })),
    tool_choice: toToolChoice(body.tool_choice),
  }
}

function toResponseFormat(format: NonNullable<ResponseRequest['text']>['format']): unknown {
  if (format?.type !== 'json_schema') return format
  const { type, ...schema } = format
  return { type, json_schema: schema }
}

function toToolChoice(choice: ResponseRequest['tool_choice']): unknown {
  if (choice == null || typeof choice === 'string') return choice
  if (choice.type === 'function') return toFunctionChoice(choice)
  return { type: choice.type, allowed_tools: { mode: choice.mode, tools: choice.tools.map(toFunctionChoice) } }
}

function toFunctionChoice({ name }: { name: string }): unknown {
  return { type: 'function', function: { name } }
}
