/** What the client suites with functions share: what the model was told, and by how many processes. */
import type { Bridge } from '../helper.js'
import { type RecordedRequest, contains } from '../standin/index.js'

/** The model calls of one conversation, in order. */
export function callsOf({ standin }: Bridge, marker: string): RecordedRequest[] {
  return standin.calls.filter((call) => contains(call, marker))
}

/** How many CLI processes asked. */
export function processesOf(calls: readonly RecordedRequest[]): number {
  return new Set(calls.map((call) => call.headers['x-claude-code-session-id'])).size
}

/** The functions that the model was offered: name and schema. */
export function toolsOf(call: RecordedRequest): Record<string, unknown> {
  const tools = (call.body.tools ?? []) as { name: string; input_schema?: unknown }[]
  return Object.fromEntries(tools.map((tool) => [tool.name, tool.input_schema]))
}
