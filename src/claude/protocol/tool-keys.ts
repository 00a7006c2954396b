/** The keys of the client's functions and of an answer's schema as the model is told them, see `property-keys.ts`. */
import type { ClientTool, OutputSchema } from '../../request/conversation.js'
import { type KeyNames, keyNamesOf } from '../../schema/property-keys.js'
import { modelName } from './tool-names.js'

const known = new WeakMap<object, KeyNames | null>()

/** Null where no key is another. */
export function namesIn(schema: Record<string, unknown>): KeyNames | null {
  const found = known.get(schema)
  if (found !== undefined) return found
  const names = keyNamesOf(schema)
  known.set(schema, names)
  return names
}

/** Of the tools with keys of other names, by the names that the model has for the tools. */
export type ToolKeys = ReadonlyMap<string, KeyNames>

const knownTools = new WeakMap<readonly ClientTool[], ToolKeys>()
const none: readonly ClientTool[] = []

export function toolKeysOf(tools: readonly ClientTool[] = none): ToolKeys {
  let keys = knownTools.get(tools)
  if (keys === undefined) knownTools.set(tools, (keys = keysOf(tools)))
  return keys
}

function keysOf(tools: readonly ClientTool[]): ToolKeys {
  return new Map(
    tools.flatMap(({ name, parameters }) => {
      const names = namesIn(parameters)
      return names === null ? [] : [[modelName(name, tools), names]]
    }),
  )
}

export function outputKeysOf(output: OutputSchema | undefined): KeyNames | null {
  return output === undefined ? null : namesIn(output.schema)
}
