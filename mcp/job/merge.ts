/**
 * What a request asks for, held against what the server allows: which servers its job gets, and which tools. Pure but for a look at
 * whether a root is a symbolic link.
 */
import { BridgeError } from '../../src/errors/catalogue.js'
import type { JobServer, JobTools } from '../../src/request/conversation.js'
import type { Ignored } from '../../src/request/ignored.js'
import type { McpAsk, ToolRules } from '../../src/request/mcp-ask.js'
import { refuse } from '../../src/errors/refuse.js'
import { notTakenIn } from './entry-dialects.js'
import { isServerName, readEntry } from './entry.js'
import { judge } from './policy.js'
import type { McpRules } from './registry.js'
import { readToolName } from './tool-names.js'

/** A process each, and a connection each. */
const maxServers = 16

/** What this server allows, for the parsers of requests. */
export class McpPolicy implements ToolRules {
  constructor(readonly rules: McpRules) {}

  settle(ask: McpAsk, ignored: Ignored): JobTools | undefined {
    return mergeTools(ask, this.rules, ignored)
  }
}

/**
 * Undefined: no servers and no tools. Members that have no effect are named in `ignored`.
 *
 * @throws BridgeError 403 `mcp_server_not_allowed`, 400 `invalid_value`
 */
export function mergeTools(ask: McpAsk, rules: McpRules, ignored: Ignored): JobTools | undefined {
  // before each of them is looked at
  if (ask.picks.length + ask.inline.length > 2 * maxServers) throw refuse('invalid_value', 'mcp_servers', `at most ${maxServers} servers`)
  const servers = new Map<string, JobServer>()
  for (const name of ask.picks) servers.set(name, pick(name, rules))
  for (const { name, value, param } of ask.inline) {
    if (servers.has(name)) throw refuse('invalid_value', param, 'the request has another server of that name')
    servers.set(name, bring(name, value, param, rules, ignored))
  }
  if (servers.size > maxServers) throw refuse('invalid_value', 'mcp_servers', `at most ${maxServers} servers`)
  const tools = narrow(ask.allowedTools, servers, rules, ignored)
  return tools.servers.length === 0 && tools.fileTools.length === 0 ? undefined : tools
}

function pick(name: string, { registry }: McpRules): JobServer {
  if (registry.has(name)) return { name, from: 'registry', entry: name }
  const known = [...registry.keys()]
  const offers = known.length === 0 ? 'the registry is empty' : `there are ${known.join(', ')}`
  throw refuse('invalid_value', 'mcp_servers', `there is no server '${name.slice(0, 64)}' in the registry; ${offers}`)
}

function bring(name: string, value: unknown, param: string, rules: McpRules, ignored: Ignored): JobServer {
  if (!isServerName(name)) {
    throw refuse('invalid_value', param, `'${name.slice(0, 64)}' cannot be the name of a server (letters, digits, '-' and single '_')`)
  }
  const entry = readEntry(value)
  if ('problem' in entry) throw refuse('invalid_value', entry.at === '' ? param : `${param}.${entry.at}`, entry.problem)
  const meant = notTakenIn(value as Record<string, unknown>)
  if (meant !== null) throw refuse('unsupported_parameter', `${param}.${meant}`, 'it changes what is meant, and is not taken here')
  for (const member of entry.unknown) ignored.add(`${param}.${member}`)
  const verdict = judge(entry.server, rules)
  if (verdict.allowed === false) {
    throw new BridgeError('mcp_server_not_allowed', `The MCP server '${name}' is not allowed: ${verdict.why}.`, { param })
  }
  if (verdict.allowed === 'registry') return { name, from: 'registry', entry: verdict.name }
  return { name, from: 'request', server: entry.server }
}

/** What is asked for, of what there is, without what the registry withholds. */
function narrow(allowed: readonly string[] | undefined, servers: Map<string, JobServer>, rules: McpRules, ignored: Ignored): JobTools {
  const result: JobTools = { servers: [], fileTools: [] }
  const wanted = new Map<string, Set<string> | 'all'>()
  if (allowed === undefined) for (const name of servers.keys()) wanted.set(name, 'all')
  for (const name of allowed ?? []) {
    const asked = readToolName(name)
    if (asked?.kind === 'file') {
      if (!result.fileTools.includes(asked.tool)) result.fileTools.push(asked.tool)
    } else if (asked === null || !servers.has(asked.server)) {
      ignored.add(`allowed_tools.${name}`)
    } else if (asked.kind === 'server') {
      wanted.set(asked.server, 'all')
    } else {
      const tools = wanted.get(asked.server) ?? new Set()
      if (tools !== 'all') wanted.set(asked.server, tools.add(asked.tool))
    }
  }
  for (const [name, server] of servers) {
    const tools = wanted.get(name)
    const offered = tools === undefined ? undefined : offer(tools, server, rules)
    if (offered === undefined) ignored.add(`mcp_servers.${name}`)
    else result.servers.push({ ...server, ...offered })
  }
  const asked = servers.size > 0 || (allowed?.length ?? 0) > 0
  if (asked && result.servers.length === 0 && result.fileTools.length === 0) {
    throw refuse('invalid_value', 'allowed_tools', 'nothing of what is asked for is allowed here')
  }
  return result
}

/** Undefined: nothing is left of the server. */
function offer(asked: Set<string> | 'all', server: JobServer, { registry }: McpRules): Pick<JobServer, 'tools' | 'withheld'> | undefined {
  const entry = server.from === 'registry' ? registry.get(server.entry) : undefined
  const allowed = entry?.allowedTools
  const withheld = [...(entry?.disabledTools ?? [])]
  const wanted = asked === 'all' ? allowed : [...asked].filter((tool) => allowed === undefined || allowed.includes(tool))
  const tools = wanted?.filter((tool) => !withheld.includes(tool))
  if (tools?.length === 0) return undefined
  return { ...(tools && { tools }), ...(withheld.length > 0 && { withheld }) }
}
