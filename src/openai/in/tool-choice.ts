/** `tool_choice`, in whichever way it is written, held against the tools: a function that is not there cannot be called. */
import { refuse } from '../../errors/refuse.js'
import { callName } from '../../request/call-names.js'
import type { ClientTool, ToolChoice } from '../../request/conversation.js'
import type { Ignored } from '../../request/ignored.js'
import type { AllowedChoice, ToolChoiceValue } from './tool-schemas.js'

export interface Chosen {
  tools: ClientTool[]
  choice: ToolChoice
}

type NameChoice = Extract<AllowedChoice, { type: 'function' | 'custom' }>

/** Throws 400 with the path of the member at fault. `value`: also the former `{name}`, which stands in `param`. */
export function choose(tools: ClientTool[], value: ToolChoiceValue | { name: string }, param: string, ignored: Ignored): Chosen {
  if (typeof value === 'string') return { tools, choice: word(value) }
  if (!('type' in value)) return byName(tools, value.name, `${param}.name`)
  switch (value.type) {
    case 'auto':
    case 'any':
    case 'none':
    case 'required':
      return { tools, choice: word(value.type) }
    case 'tool':
      return byName(tools, value.name, `${param}.name`)
    case 'allowed_tools': {
      const inner = value['allowed_tools'] as { mode: 'auto' | 'required'; tools: AllowedChoice[] } | null | undefined
      const at = inner == null ? param : `${param}.allowed_tools`
      const { mode, tools: listed } = (inner ?? value) as { mode?: 'auto' | 'required'; tools?: AllowedChoice[] }
      if (listed == null || mode == null) throw refuse('invalid_value', at, "it needs 'mode' and 'tools'")
      return allowed(tools, mode, listed, `${at}.tools`, ignored)
    }
    case 'function':
    case 'custom':
      return byChoice(tools, value, param)
  }
  throw refuse('unsupported_value', `${param}.type`, 'there is no such choice')
}

function word(value: 'none' | 'auto' | 'required' | 'any'): 'none' | 'auto' | 'required' {
  return value === 'any' ? 'required' : value
}

function allowed(tools: ClientTool[], mode: 'auto' | 'required', listed: AllowedChoice[], param: string, ignored: Ignored): Chosen {
  const names = new Set<string>()
  for (const one of listed) {
    if (one.type === 'function' || one.type === 'custom') names.add(nameIn(one as NameChoice, param).name)
    else ignored.add(`tool_choice.tools[].${one.type}`)
  }
  const offered = new Set(tools.map((tool) => tool.name))
  for (const name of names) if (!offered.has(name)) known(tools, name, param)
  const left = tools.filter((tool) => names.has(tool.name))
  if (left.length > 0 || tools.length === 0) return { tools: left, choice: mode }
  if (mode === 'required') throw refuse('unsupported_value', param, 'none of these tools is offered here')
  // what may be used is not here, and the others may not be used
  return { tools, choice: 'none' }
}

function byChoice(tools: ClientTool[], value: NameChoice, param: string): Chosen {
  const { name, at } = nameIn(value, param)
  return byName(tools, name, at)
}

function nameIn(value: NameChoice, param: string): { name: string; at: string } {
  const inner = (value.type === 'function' ? value['function'] : value['custom']) as
    | { name: string; namespace?: string | null }
    | null
    | undefined
  const { name, namespace } = inner ?? (value as { name?: string | null; namespace?: string | null })
  const at = inner == null ? `${param}.name` : `${param}.${value.type}.name`
  if (name == null) throw refuse('invalid_value', at, 'it is missing')
  return { name: callName(name, namespace), at }
}

function byName(tools: ClientTool[], name: string, at: string): Chosen {
  return { tools, choice: { name: known(tools, name, at) } }
}

/** The tool's name, which has to be there. */
function known(tools: readonly ClientTool[], name: string, param: string): string {
  // without any tools the whole choice is wrong, and that is said elsewhere
  if (tools.length === 0 || tools.some((tool) => tool.name === name)) return name
  throw refuse('invalid_value', param, `there is no tool named '${name}'`)
}
