import type { Failure } from '../../errors/catalogue.js'

/**
 * The CLI says in `init` what it passes on to the model: a function that is kept from it by an administrator's settings is missing. Null
 * where all are there. `functions`: the model's names -> the client's.
 */
export function missingTools(functions: ReadonlyMap<string, string> | undefined, offered: unknown): Failure | null {
  if (!Array.isArray(offered)) return null
  const missing = [...(functions ?? [])].filter(([name]) => !offered.includes(name)).map(([, name]) => name)
  if (missing.length === 0) return null
  const message =
    `The Claude CLI does not offer to the model: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}. ` +
    "An administrator's settings for Claude Code may deny it."
  return { code: 'claude_unavailable', message, param: 'tools' }
}
