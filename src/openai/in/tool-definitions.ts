/** The tools of a request, in whichever way they are written -> those that are offered to the model. */
import { BridgeError } from '../../errors/catalogue.js'
import { refuse } from '../../errors/refuse.js'
import { callName } from '../../request/call-names.js'
import type { ClientTool } from '../../request/conversation.js'
import type { Ignored } from '../../request/ignored.js'
import { rootChoices } from '../../schema/flat-root.js'
import { type JsonSchema, schemaProblem } from '../../schema/json-schema.js'
import { mended } from '../../schema/mend.js'
import type { SchemaTotals } from '../../schema/size.js'
import { withLaterTuples } from '../../schema/tuples.js'
import { type CustomDefinition, type FunctionDefinition, type NamespaceValue, type ToolValue, isOther } from './tool-schemas.js'

/** What is carried along while the tools of one request are read. */
interface Reading {
  ignored: Ignored
  totals: SchemaTotals
}

/** A tool, and the path of its name. */
interface Placed {
  tool: ClientTool
  nameAt: string
}

type Loose = Record<string, unknown>
type Named = Loose & { name: string; description?: string | null | undefined }

/**
 * Throws 400 with the path of the member at fault. Tools that only OpenAI can run, and those of types that are not known, are left out and
 * named as `tools[].<type>`.
 */
export function readTools(tools: readonly ToolValue[], ignored: Ignored): ClientTool[] {
  const reading: Reading = { ignored, totals: { members: 0, patterns: 0 } }
  return unique(tools.flatMap((tool, index) => readTool(tool, `tools[${index}]`, 'tools[]', reading)))
}

/** The same for OpenAI's former `functions`. */
export function readFunctions(functions: readonly FunctionDefinition[], ignored: Ignored): ClientTool[] {
  const reading: Reading = { ignored, totals: { members: 0, patterns: 0 } }
  return unique(
    functions.map((tool, index) => ({
      tool: functionOf(tool, `functions[${index}]`, 'functions[]', reading),
      nameAt: `functions[${index}].name`,
    })),
  )
}

function readTool(tool: Loose, param: string, path: string, reading: Reading): Placed[] {
  const { type } = tool
  if (isOther(tool)) {
    reading.ignored.add(`${path}.${String(type)}`)
    return []
  }
  if (type === 'namespace') return readNamespace(tool as NamespaceValue, param, path, reading)
  const wrapper = type === 'custom' ? 'custom' : 'function'
  const inner = tool[wrapper] as Named | null | undefined
  const at = inner == null ? param : `${param}.${wrapper}`
  const below = inner == null ? path : `${path}.${wrapper}`
  const flat = Object.fromEntries(Object.entries(tool).filter(([name]) => !['type', 'function', 'custom'].includes(name)))
  const definition = inner ?? (flat as Named)
  if (definition.name == null) {
    // what the client meant to write shows in what it has written
    const missing = type == null ? 'type' : Object.keys(flat).length > 0 ? 'name' : wrapper
    throw new BridgeError('missing_required_parameter', `Missing required parameter: '${param}.${missing}'.`, {
      param: `${param}.${missing}`,
    })
  }
  const isText = type === 'custom' && definition['input_schema'] == null
  const made = isText ? customOf(definition, below, reading) : functionOf(definition, at, below, reading)
  return [{ tool: made, nameAt: `${at}.name` }]
}

function readNamespace({ name, description, tools, ...others }: NamespaceValue, param: string, path: string, reading: Reading): Placed[] {
  nameOthers(others, ['type'], path, reading)
  const placed = tools.flatMap((tool, index) => readTool(tool, `${param}.tools[${index}]`, `${path}.tools[]`, reading))
  for (const { tool } of placed) tool.name = callName(tool.name, name)
  const first = placed[0]?.tool
  // said once: it may be long
  if (first !== undefined && description) first.description = join(first.description, `About all tools of ${name}: ${description}`)
  return placed
}

function functionOf(asked: Named, param: string, path: string, reading: Reading): ClientTool {
  const { name, description, parameters, input_schema, ...others } = asked
  nameOthers(others, [], path, reading)
  const [schema, member] = parameters == null && input_schema != null ? [input_schema, 'input_schema'] : [parameters, 'parameters']
  for (const keyword of rootChoices((schema ?? {}) as JsonSchema)) reading.ignored.add(`${path}.${member}.${keyword}`)
  return {
    name,
    ...(description != null && description !== '' && { description }),
    parameters: toParameters((schema ?? {}) as JsonSchema, name, `${param}.${member}`, reading.totals),
  }
}

/** The model gets a tool with one argument; the client gets its text. */
function customOf(asked: Named, path: string, reading: Reading): ClientTool {
  const { name, description, format, ...others } = asked as Named & CustomDefinition
  nameOthers(others, [], path, reading)
  const text = 'The tool takes one text: give it whole as the argument `input`.'
  const grammar = format?.definition
    ? `The text follows this grammar${format.syntax ? ` (${format.syntax})` : ''}:\n${format.definition}`
    : ''
  return {
    name,
    description: join(description ?? '', text, grammar),
    parameters: {
      type: 'object',
      properties: { input: { type: 'string', description: 'the text, as the tool is to get it' } },
      required: ['input'],
      additionalProperties: false,
    },
    custom: true,
  }
}

function join(...texts: (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined && text !== '').join('\n\n')
}

function nameOthers(others: Loose, read: readonly string[], path: string, { ignored }: Reading): void {
  for (const [member, value] of Object.entries(others)) {
    if (value != null && value !== false && !read.includes(member)) ignored.add(`${path}.${member}`)
  }
}

function unique(placed: readonly Placed[]): ClientTool[] {
  const names = new Set<string>()
  for (const { tool, nameAt } of placed) {
    if (names.has(tool.name)) throw refuse('invalid_value', nameAt, `another tool is named '${tool.name}'`)
    names.add(tool.name)
  }
  return placed.map(({ tool }) => tool)
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
  const told = withLaterTuples(hasDraft4Limits(whole) ? mended(whole) : whole)
  const plain = Object.entries(told['properties'] as JsonSchema).map(([key, value]) => [
    key,
    value === true ? {} : value === false ? { not: {} } : value,
  ])
  return { ...told, properties: Object.fromEntries(plain) as JsonSchema }
}

/** Limits that the model's API does not take: it reads later drafts. */
function hasDraft4Limits(schema: JsonSchema): boolean {
  return /"exclusiveM(?:in|ax)imum":(?:true|false)/.test(JSON.stringify(schema))
}
