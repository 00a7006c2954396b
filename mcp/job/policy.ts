/**
 * Whether a request may bring a server of its own. By default only what the registry has already: one of its commands, word for
 * word, a host of its HTTP servers, or the installed file server within the allowed roots.
 */
import { isDeepStrictEqual } from 'node:util'
import type { McpServer } from '../../src/request/conversation.js'
import { filesystemRoots, placeRoot } from './filesystem.js'
import { type McpRules, addressOf, originOf } from './registry.js'

/**
 * How an allowed server is run: as it came (`inline`), or as the registry's entry of that name, with its environment, which the
 * request neither has nor needs.
 */
export type Verdict = { allowed: 'inline' } | { allowed: 'registry'; name: string } | { allowed: false; why: string }

export function judge(server: McpServer, rules: McpRules): Verdict {
  if (server.type !== 'stdio') return judgeUrl(server.url, rules)
  const { env = {} } = server
  const roots = filesystemRoots(server)
  if (roots !== null && Object.keys(env).length === 0) {
    const problem = roots.map((root) => placeRoot(root)).find((place) => 'problem' in place)
    if (problem === undefined || rules.allowAny)
      return roots.length > 0 || rules.allowAny ? { allowed: 'inline' } : no('the file server needs a root')
    return no(problem.problem)
  }
  if (rules.allowAny) return { allowed: 'inline' }
  for (const [name, { server: known }] of rules.registry) {
    if (known.type !== 'stdio' || known.command !== server.command) continue
    // a variable of the request's own could make any program do anything: NODE_OPTIONS, LD_PRELOAD
    const same = isDeepStrictEqual(known.args ?? [], server.args ?? [])
    const ownEnv = Object.entries(env).some(([key, value]) => !Object.hasOwn(known.env ?? {}, key) || known.env![key] !== value)
    if (same && !ownEnv) return { allowed: 'registry', name }
    if (same) return no('its environment is not the one in the registry')
  }
  return no('its command is not in the registry')
}

function judgeUrl(url: string, { origins, filledIn, allowAny }: McpRules): Verdict {
  const origin = originOf(url)
  if (origin === null) return no('its URL has to be http or https, without credentials')
  const entry = filledIn.get(addressOf(url))
  if (entry !== undefined) return { allowed: 'registry', name: entry }
  return allowAny || origins.has(origin) ? { allowed: 'inline' } : no('its host is not in the registry')
}

function no(why: string): Verdict {
  return { allowed: false, why }
}
