/** The tools of a Responses request: those of `tools`, and those that stand in its input (`additional_tools`), of which the last one counts. */
import type { ToolValue } from '../in/tool-schemas.js'
import type { PlacedItem } from './items-to-messages.js'
import type { Places } from './places.js'
import type { ResponseRequest } from './request.js'

interface Offered {
  tool: ToolValue
  place: string
}

/** In the form of a chat request's `tools`, which takes these too; undefined where there are none. */
export function offeredTools(tools: ResponseRequest['tools'], items: readonly PlacedItem[], places: Places): ToolValue[] | undefined {
  const lists: Offered[][] = [(tools ?? []).map((tool, index) => ({ tool, place: `tools[${index}]` }))]
  for (const { item, place } of items) {
    if (item.type !== 'additional_tools') continue
    lists.push((item.tools as ToolValue[]).map((tool, index) => ({ tool, place: `${place}.tools[${index}]` })))
  }
  // from the last on: each name is that of its last tool
  const later = new Set<string>()
  const kept: Offered[][] = []
  for (const list of lists.reverse()) {
    kept.push(list.flatMap((one) => without(one, later)))
    for (const { tool } of list) for (const name of namesOf(tool)) later.add(name)
  }
  const offered = kept.reverse().flat()
  if (offered.length === 0) return undefined
  for (const [index, { place }] of offered.entries()) places.set(`tools[${index}]`, place)
  return offered.map(({ tool }) => tool)
}

/** What a tool is called by: those of a namespace have its name in front. */
function namesOf(tool: ToolValue, namespace = ''): string[] {
  if (tool.type === 'namespace') return (tool['tools'] as ToolValue[]).flatMap((one) => namesOf(one, `${String(tool['name'])} `))
  const inner = (tool['function'] ?? tool['custom']) as { name?: unknown } | null | undefined
  const name = inner?.name ?? tool['name']
  return typeof name === 'string' ? [namespace + name] : []
}

function without({ tool, place }: Offered, names: ReadonlySet<string>): Offered[] {
  if (tool.type !== 'namespace') return namesOf(tool).some((name) => names.has(name)) ? [] : [{ tool, place }]
  const left = (tool['tools'] as ToolValue[]).filter((one) => !namesOf(one, `${String(tool['name'])} `).some((name) => names.has(name)))
  return left.length === 0 ? [] : [{ tool: { ...tool, tools: left }, place }]
}
