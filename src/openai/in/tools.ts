/** The functions a client offers, and which of them the model may or must call. */
import { BridgeError } from '../../errors/catalogue.js'
import type { ChatRequest } from './chat-request.js'
import type { ClaudeRequest, ClientTool, Conversation, ToolChoice } from '../../request/conversation.js'
import type { Ignored } from '../../request/ignored.js'
import { type JsonSchema, schemaProblem } from '../../schema/json-schema.js'
import type { SchemaTotals } from '../../schema/size.js'
import { refuse } from '../../errors/refuse.js'
import type { FunctionDefinition, ToolChoiceValue } from './tool-schemas.js'

type Offer = Pick<ClaudeRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>

/** Throws 400 with `param`. Nothing is offered where the result has no `tools`. */
export function toOffer(body: ChatRequest, conversation: Conversation, ignored: Ignored): Offer {
  const { tools, choice } = offered(body, ignored)
  if (tools.length === 0) {
    if (choice !== 'auto' && choice !== 'none') {
      const param = body.tool_choice == null ? 'function_call' : 'tool_choice'
      throw refuse('invalid_value', param, 'there are no tools to choose from')
    }
    const before = toolsOf(conversation)
    // the API takes a history with calls only beside tools
    return before.length === 0 ? {} : { tools: before, toolChoice: 'none' }
  }
  const one = body.parallel_tool_calls === false || body.functions != null
  return { tools, ...(choice !== 'auto' && { toolChoice: choice }), ...(one && { parallelToolCalls: false as const }) }
}

function offered(body: ChatRequest, ignored: Ignored): { tools: ClientTool[]; choice: ToolChoice } {
  const current = body.tools ?? []
  if (current.length > 0 && (body.functions?.length ?? 0) > 0) {
    throw refuse('invalid_value', 'functions', "it is the former name of 'tools' and cannot stand beside it")
  }
  const reading: Reading = { ignored, totals: { members: 0, patterns: 0 } }
  if (current.length === 0) {
    const tools = (body.functions ?? []).map((tool, index) => toTool(tool, `functions[${index}]`, 'functions[]', reading))
    const legacy = body.function_call ?? 'auto'
    const choice = typeof legacy === 'string' ? legacy : { name: legacy.name }
    return chosen(
      unique(tools, 'functions', 'name'),
      body.tool_choice ?? choice,
      body.tool_choice == null ? 'function_call' : 'tool_choice',
    )
  }
  const tools = current.map((tool, index) => toTool(tool.function, `tools[${index}].function`, 'tools[].function', reading))
  return chosen(unique(tools, 'tools', 'function.name'), body.tool_choice ?? 'auto', 'tool_choice')
}

/** Holds a choice against the tools: a function that is not there cannot be called. */
function chosen(
  tools: ClientTool[],
  value: ToolChoiceValue | { name: string },
  param: string,
): { tools: ClientTool[]; choice: ToolChoice } {
  if (typeof value === 'string') return { tools, choice: value }
  if ('type' in value && value.type === 'allowed_tools') {
    const { mode, tools: allowed } = value.allowed_tools
    const names = new Set(allowed.map((tool) => tool.function.name))
    for (const name of names) known(tools, name, `${param}.allowed_tools.tools`)
    return { tools: tools.filter((tool) => names.has(tool.name)), choice: mode }
  }
  const name = 'function' in value ? value.function.name : value.name
  known(tools, name, 'function' in value ? `${param}.function.name` : `${param}.name`)
  return { tools, choice: { name } }
}

function known(tools: readonly ClientTool[], name: string, param: string): void {
  // without any tools the whole choice is wrong, and that is said elsewhere
  if (tools.length === 0 || tools.some((tool) => tool.name === name)) return
  throw refuse('invalid_value', param, `there is no tool named '${name}'`)
}

function unique(tools: ClientTool[], param: string, member: string): ClientTool[] {
  const names = new Set<string>()
  for (const [index, { name }] of tools.entries()) {
    if (names.has(name)) throw refuse('invalid_value', `${param}[${index}].${member}`, `another tool is named '${name}'`)
    names.add(name)
  }
  return tools
}

/** What is carried along while the tools of one request are read. */
interface Reading {
  ignored: Ignored
  totals: SchemaTotals
}

function toTool(asked: FunctionDefinition, param: string, path: string, { ignored, totals }: Reading): ClientTool {
  const { name, description, parameters, ...others } = asked
  for (const [member, value] of Object.entries(others)) {
    if (value != null && value !== false) ignored.add(`${path}.${member}`)
  }
  return {
    name,
    ...(description != null && description !== '' && { description }),
    parameters: toParameters(parameters ?? {}, name, `${param}.parameters`, totals),
  }
}

/** A schema as an MCP tool may have it: an object's, each property a schema object. */
function toParameters(schema: JsonSchema, name: string, param: string, totals: SchemaTotals): JsonSchema {
  const wrong = (why: string) => new BridgeError('invalid_function_parameters', `Invalid schema for function '${name}': ${why}.`, { param })
  const { type = 'object', properties = {} } = schema
  if (type !== 'object') {
    throw wrong(`schema must be a JSON Schema of 'type: "object"', got 'type: ${JSON.stringify(type)}'`)
  }
  const whole = { ...schema, type, properties }
  const problem = schemaProblem(whole, totals)
  if (problem !== null) throw wrong(problem)
  const plain = Object.entries(properties as JsonSchema).map(([key, value]) => [
    key,
    value === true ? {} : value === false ? { not: {} } : value,
  ])
  return { ...whole, properties: Object.fromEntries(plain) as JsonSchema }
}

/** The functions that a history speaks of, when the request offers none. */
function toolsOf({ turns }: Conversation): ClientTool[] {
  const names = new Set<string>()
  for (const { content } of turns) for (const block of content) if (block.type === 'tool_use') names.add(block.name)
  return [...names].map((name) => ({ name, parameters: { type: 'object', properties: {} } }))
}
