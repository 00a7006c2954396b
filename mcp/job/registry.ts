/**
 * The registry: the servers that requests may use, from a `.mcp.json`. Texts stay unexpanded, so that no secret of the environment is
 * in memory longer than it takes to write one job's config.
 *
 * Beside the usual members an entry may say `disabled: true`, and which of its tools are offered: `allowedTools` (all, where absent)
 * and `disabledTools`, by the server's own names for them.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { McpServer } from '../../src/request/conversation.js'
import { isServerName, readEntry } from './entry.js'
import { expand, placeholdersOf } from './expand.js'

export interface RegistryEntry {
  server: McpServer
  /** undefined: all */
  allowedTools?: readonly string[]
  disabledTools: readonly string[]
}

export type Registry = ReadonlyMap<string, RegistryEntry>

/** What the server allows. */
export interface McpRules {
  registry: Registry
  /** `scheme://host:port` of the registry's HTTP servers */
  origins: ReadonlySet<string>
  /** addresses with a path, of entries whose URL each job fills in, and the entries' names: a request that brings one gets the entry */
  filledIn: ReadonlyMap<string, string>
  /** `MCP_ALLOW=any`: requests may bring any command and any host */
  allowAny: boolean
}

/** The file cannot be used; the message is one line that names it. */
export class BadRegistry extends Error {
  override readonly name = 'BadRegistry'
}

const fileSchema = z.looseObject({ mcpServers: z.record(z.string(), z.unknown()) })
const toolNames = z.array(z.string().min(1).max(128))
const limits = z.looseObject({ disabled: z.boolean().optional(), allowedTools: toolNames.optional(), disabledTools: toolNames.optional() })

/**
 * Reads the file. One that is not there is an empty registry, unless it was asked for by name (`required`).
 *
 * @throws BadRegistry
 */
export function loadRules(file: string, required: boolean, allowAny: boolean, env: NodeJS.ProcessEnv): McpRules {
  const registry = parseRegistry(readText(file, required), file)
  const origins = new Set<string>()
  const filledIn = new Map<string, string>()
  for (const [name, { server }] of registry) {
    if (server.type === 'stdio') continue
    const url = expand(server.url, env)
    const origin = originOf(url)
    if (origin === null) continue
    // what the job has for them may be another host than what stands there now
    if (placeholdersOf(server.url).some((variable) => jobVariables.includes(variable))) filledIn.set(addressOf(url), name)
    else origins.add(origin)
  }
  return { registry, origins, filledIn, allowAny }
}

const jobVariables = ['WORKSPACE', 'CLAUDE_BRIDGE_URL', 'CLAUDE_BRIDGE_KEY', 'CLAUDE_BRIDGE_DEPTH']

/** An http(s) URL without its query. */
export function addressOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/** `scheme://host:port` of an HTTP URL without credentials; null for anything else. */
export function originOf(url: string): string | null {
  if (!URL.canParse(url)) return null
  const { protocol, username, password, origin } = new URL(url)
  return ['http:', 'https:'].includes(protocol) && username === '' && password === '' ? origin : null
}

function readText(file: string, required: boolean): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !required) return '{"mcpServers":{}}'
    throw new BadRegistry(`${path.basename(file)} cannot be read (${code ?? 'unknown'})`, { cause: error })
  }
}

/** @throws BadRegistry */
export function parseRegistry(text: string, file: string): Registry {
  const wrong = (why: string) => new BadRegistry(`${path.basename(file)}: ${why}`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // the parser's own words quote the text, secrets included
    throw wrong('it is no JSON')
  }
  const parsed = fileSchema.safeParse(json)
  if (!parsed.success) throw wrong('expected {"mcpServers": {…}}')
  const registry = new Map<string, RegistryEntry>()
  for (const [name, value] of Object.entries((json as z.infer<typeof fileSchema>).mcpServers)) {
    if (!isServerName(name)) throw wrong(`${JSON.stringify(name)} cannot be the name of a server`)
    const entry = readEntry(value)
    if ('problem' in entry) throw wrong(`mcpServers.${name}${entry.at && `.${entry.at}`}: ${entry.problem}`)
    const limit = limits.safeParse(value)
    if (!limit.success) throw wrong(`mcpServers.${name}.${limit.error.issues[0]!.path.join('.')}: ${limit.error.issues[0]!.message}`)
    const { disabled, allowedTools, disabledTools = [] } = limit.data
    if (disabled) continue
    registry.set(name, { server: entry.server, disabledTools, ...(allowedTools && { allowedTools }) })
  }
  return registry
}
