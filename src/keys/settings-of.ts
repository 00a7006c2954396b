/** What a request is read with: the server's settings, within what the key that asks may use. */
import type { ToolRules } from '../request/mcp-ask.js'
import type { KeyRing } from './ring.js'
import { toolRulesFor } from './tool-rules.js'

export type SettingsOf<Settings> = Settings & {
  /** names that may be asked for; left out: all that there are */
  allowedModels?: readonly string[]
}

/** @param owner whose the request is */
export function settingsOf<Settings extends { mcp: ToolRules }>(ring: KeyRing, settings: Settings, owner: string): SettingsOf<Settings> {
  const key = ring.of(owner)
  if (key === null) return settings
  return { ...settings, mcp: toolRulesFor(key, settings.mcp), ...(key.models && { allowedModels: key.models }) }
}
