/**
 * Items of tools that are not offered here (a web search, a local shell, …), as they stand in a history: what was called and what came of
 * it, as a call and its result. An item without words (a compaction, a list of tools) has nothing to carry.
 */
import type { ChatPart } from './chat-messages.js'
import type { OtherItem } from './item-schemas.js'

export type HostedItem =
  /** `result`: of a call that holds its result itself, or has none; null: an item of its own has it */
  | { kind: 'call'; id: string; name: string; arguments: string; result: ChatPart[] | null }
  | { kind: 'result'; id: string; content: ChatPart[] }
  | { kind: 'nothing' }

/** Members that say nothing of what was called. */
const notArguments = new Set([
  'type',
  'id',
  'call_id',
  'status',
  'output',
  'outputs',
  'results',
  'result',
  'error',
  'execution',
  'name',
  'server_label',
])
const resultMembers = ['output', 'outputs', 'results', 'error'] as const

/** @param answered ids of the calls whose results are items of their own */
export function readHosted(item: OtherItem, answered: ReadonlySet<string>): HostedItem {
  const id = idOf(item)
  if (id === null) return { kind: 'nothing' }
  if (isOutput(item)) return { kind: 'result', id, content: resultOf(item['output'] ?? item['tools']) }
  if (!item.type.endsWith('_call')) return { kind: 'nothing' }
  const input = Object.fromEntries(Object.entries(item).filter(([name, value]) => !notArguments.has(name) && value != null))
  return {
    ...{ kind: 'call', id, name: nameOf(item), arguments: argumentsOf(input) },
    result: answered.has(id) ? null : ownResult(item),
  }
}

/** The ids of calls that an item of the input answers. */
export function answeredIn(items: readonly { item: { type?: unknown } }[]): Set<string> {
  const ids = items.map(({ item }) => (isOutput(item) ? idOf(item) : null))
  return new Set(ids.filter((id) => id !== null))
}

function isOutput({ type }: { type?: unknown }): boolean {
  return typeof type === 'string' && type.endsWith('_output')
}

/** OpenAI pairs some calls with their outputs by `id`. */
function idOf(item: object): string | null {
  const { call_id: callId, id } = item as { call_id?: unknown; id?: unknown }
  return [callId, id].find((value): value is string => typeof value === 'string' && value !== '') ?? null
}

/** `local_shell_call` -> `local_shell`; of a call of an MCP server its own name. */
function nameOf(item: OtherItem): string {
  const name = typeof item['name'] === 'string' ? item['name'] : item.type.replace(/_call$/, '')
  return name.replace(/[^a-zA-Z0-9_.:/-]/g, '_').slice(0, 128) || 'tool'
}

function argumentsOf(input: Record<string, unknown>): string {
  const names = Object.keys(input)
  // of some the arguments are one member
  const only = names.length === 1 ? input[names[0]!] : undefined
  if (names[0] === 'arguments' && typeof only === 'string') return only
  return JSON.stringify(typeof only === 'object' && !Array.isArray(only) ? only : input)
}

function ownResult(item: OtherItem): ChatPart[] {
  if (item.type === 'image_generation_call' && typeof item['result'] === 'string') {
    return [{ type: 'image_url', image_url: { url: `data:image/png;base64,${item['result']}` } }]
  }
  const found = resultMembers.map((name) => item[name]).find((value) => value != null)
  return found === undefined ? [{ type: 'text', text: '(The result is not part of this conversation.)' }] : resultOf(found)
}

function resultOf(value: unknown): ChatPart[] {
  const image = (value as { image_url?: unknown } | null)?.image_url
  if (typeof image === 'string') return [{ type: 'image_url', image_url: { url: image } }]
  return [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value ?? '') }]
}
