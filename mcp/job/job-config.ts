/**
 * The MCP config of one job: a file of its own, readable by no other user, made new or replaced in one step. Here, and only here, the
 * variables of the registry are expanded; what comes of it goes into that file and over the CLI's standard input, never into arguments.
 */
import { rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { JobServer, JobTools, McpServer } from '../../src/request/conversation.js'
import type { TraceContext } from '../../src/request/trace-context.js'
import { expandAll, placeholdersOf } from './expand.js'
import { filesystemProgram, filesystemRoots, isBelow, placeRoot, temporaryFolders } from './filesystem.js'
import type { GuardedServer } from './guard-config.js'
import { type McpRules, originOf } from './registry.js'

/** The format that the ecosystem uses for `.mcp.json`. */
export interface McpConfig {
  mcpServers: Record<string, unknown>
}

/** A job's folders. */
export interface JobPlace {
  root: string
  /** where its files are, and what a server has for `${WORKSPACE}` */
  work: string
  tmp: string
}

/** What the registry's placeholders stand for. */
export interface JobVariables {
  /** the server's own environment */
  env: Readonly<Record<string, string | undefined>>
  /** what the job is told about the bridge itself: its URL, the key and the depth to ask it with */
  CLAUDE_BRIDGE_URL?: string
  CLAUDE_BRIDGE_KEY?: string
  CLAUDE_BRIDGE_DEPTH: string
  /** the trace that calls over HTTP belong to; null: none */
  trace: TraceContext | null
  /** marks every process of the job */
  marker: Record<string, string>
}

/** A server as the CLI is told it (`mcp_set_servers`), and what is to be known when it fails. */
export interface PreparedServer {
  name: string
  config: Record<string, unknown>
  /** file with the end of its standard error, or why it cannot be reached */
  stderr: string
  tools: readonly string[] | undefined
  withheld: readonly string[]
}

export interface PreparedServers {
  servers: PreparedServer[]
  /** expanded values that no message may repeat */
  secrets: string[]
}

/** Writes a config below `root`; returns its path. */
export async function writeJobConfig(root: string, config: McpConfig = { mcpServers: {} }): Promise<string> {
  const file = path.join(root, 'mcp.json')
  await writeFile(`${file}.new`, JSON.stringify(config), { mode: 0o600, flag: 'wx' })
  await rename(`${file}.new`, file)
  return file
}

/** The servers of a registry name that is no longer there. */
export class UnknownServer extends Error {
  override readonly name = 'UnknownServer'
}

const guard = path.join(import.meta.dirname, 'guard.js')
const guardRemote = path.join(import.meta.dirname, 'guard-remote.js')

/**
 * Expands a job's servers and writes them down.
 *
 * @throws UnknownServer, or what writing rejects with
 */
export async function prepareServers(tools: JobTools, rules: McpRules, place: JobPlace, variables: JobVariables): Promise<PreparedServers> {
  const prepared: PreparedServers = { servers: [], secrets: [] }
  const config: McpConfig = { mcpServers: {} }
  const file = path.join(place.root, 'mcp.json')
  for (const asked of tools.servers) {
    const { server, values } = resolve(asked, rules, place, variables)
    // what a request says to a server of its own is no word of ours
    const whole = asked.from === 'request' && server.type !== 'stdio' && !rules.allowAny ? server : expandAll(server, values)
    prepared.secrets.push(...secretsOf(server, values))
    const told = { name: asked.name, tools: asked.tools, withheld: asked.withheld ?? [] }
    const stderr = path.join(place.root, `${asked.name}.stderr`)
    const stdio = whole.type === 'stdio'
    config.mcpServers[asked.name] = stdio ? guarded(whole, place, stderr) : { ...whole, headers: headersOf(whole, variables), stderr }
    const env = { ...variables.marker, TMPDIR: place.tmp, ...(!stdio && connectionOf(variables.env)) }
    const args = [stdio ? guard : guardRemote, file, asked.name]
    const limit = whole.timeout === undefined ? {} : { timeout: whole.timeout }
    prepared.servers.push({ ...told, stderr, config: { type: 'stdio', command: process.execPath, args, env, ...limit } })
  }
  await writeJobConfig(place.root, config)
  return prepared
}

/** How this machine reaches others: the proxies and the certificates that the CLI is given as well. */
const connection = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'NODE_EXTRA_CA_CERTS']

function connectionOf(env: JobVariables['env']): Record<string, string> {
  return Object.fromEntries(connection.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
}

/** A server of the request's own is told where it works and nothing else of ours, unless requests may do anything anyway. */
function resolve(
  asked: JobServer,
  { registry, allowAny }: McpRules,
  place: JobPlace,
  variables: JobVariables,
): { server: McpServer; values: Record<string, string | undefined> } {
  const { env, CLAUDE_BRIDGE_URL: url, CLAUDE_BRIDGE_KEY, CLAUDE_BRIDGE_DEPTH } = variables
  if (asked.from === 'request') {
    return { server: keptToMcp(asked.server, url), values: { ...(allowAny && withoutOwnSecrets(env)), WORKSPACE: place.work } }
  }
  const entry = registry.get(asked.entry)
  if (entry === undefined) throw new UnknownServer(`there is no server '${asked.entry}' in the registry any more`)
  // the operator's word on where the bridge is counts; whose job it is and how deep, does not come from outside
  return { server: entry.server, values: { CLAUDE_BRIDGE_URL: url, ...env, CLAUDE_BRIDGE_KEY, CLAUDE_BRIDGE_DEPTH, WORKSPACE: place.work } }
}

/** Of this server itself a job reaches `/mcp` and no other path. */
function keptToMcp(server: McpServer, own: string | undefined): McpServer {
  if (server.type === 'stdio' || own === undefined || originOf(server.url) !== originOf(own)) return server
  return { ...server, url: own }
}

const ownSecrets = /^(API_KEYS|STORE_URL|UPSTREAMS|WEBHOOK_SECRET|ANTHROPIC_.*|CLAUDE_.*|OTEL_.*)$/

function withoutOwnSecrets(env: JobVariables['env']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ownSecrets.test(name)))
}

/** Whatever a config says, a job that asks the bridge says how deep it is. A trace of the config's own stands. */
function headersOf({ url, headers: given = {} }: Extract<McpServer, { url: string }>, variables: JobVariables): Record<string, string> {
  const traced = Object.keys(given).some((name) => name.toLowerCase() === 'traceparent')
  const headers = traced ? given : { ...variables.trace, ...given }
  const own = variables.CLAUDE_BRIDGE_URL
  if (own === undefined || originOf(url) !== originOf(own)) return headers
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'x-bridge-depth')
  return { ...Object.fromEntries(others), 'x-bridge-depth': variables.CLAUDE_BRIDGE_DEPTH }
}

/** The file server is the installed one, and the temporary folder it may have been given is the workspace. */
function guarded(server: Extract<McpServer, { type: 'stdio' }>, place: JobPlace, stderr: string): GuardedServer {
  const { command, args = [], env = {} } = server
  const rest = { env, cwd: place.work, stderr }
  const roots = filesystemRoots(server)
  if (roots === null) return { ...rest, command, args }
  const real = roots.map((root) => {
    // where `${WORKSPACE}` stood, the folder is the job's own already
    const at = isBelow(root, place.work) ? { relative: path.relative(place.work, root) } : placeRoot(root)
    return 'relative' in at ? path.join(place.work, at.relative) : root
  })
  const aliases = roots.some((root) => temporaryFolders().some((folder) => root.startsWith(folder) && !root.startsWith(place.work)))
    ? temporaryFolders()
    : []
  return { ...rest, command: process.execPath, args: [filesystemProgram(), ...real], folders: real, fixedRoots: true, aliases }
}

/** Shorter ones would take harmless words out of a message. */
const shortestSecret = 6

/** What the placeholders of a server stood for, but for what is no secret. */
function secretsOf(server: McpServer, values: Readonly<Record<string, string | undefined>>): string[] {
  const names = placeholdersOf(JSON.stringify(server)).filter((name) => !['WORKSPACE', 'CLAUDE_BRIDGE_URL'].includes(name))
  return names.map((name) => values[name] ?? '').filter((value) => value.length >= shortestSecret)
}
