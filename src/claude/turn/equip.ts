/**
 * Gives a started process its MCP servers and says which tools it may use. The process waits for the connections, so that a server
 * that fails is known before anything is asked of the model.
 */
import { readFile } from 'node:fs/promises'
import type { PreparedServer, PreparedServers } from '../../../mcp/job/job-config.js'
import { asSeenByModel } from '../../../mcp/job/tool-names.js'
import type { ControlChannel } from '../protocol/control.js'
import { redact } from '../../redact.js'
import { clientServer } from '../protocol/tool-names.js'

/** A server did not come up; the message names it and says why. */
export class McpServerFailed extends Error {
  override readonly name = 'McpServerFailed'
}

export interface Equipment extends PreparedServers {
  /** for all connections together */
  startTimeoutMs: number
}

interface ServerStatus {
  name: string
  status?: string
  error?: string
  tools?: { name: string }[]
}

/** How long a process that does not answer may take to say whom it is waiting for. */
const askMs = 1000

/** @throws McpServerFailed */
export async function equip(control: ControlChannel, equipment: Equipment, withClientTools: boolean): Promise<void> {
  if (equipment.servers.length === 0) return
  const asked = Object.fromEntries(equipment.servers.map(({ name, config }) => [name, config]))
  // what is not named is taken away
  const servers = withClientTools ? { ...asked, [clientServer]: { type: 'sdk', name: clientServer } } : asked
  const set = await inTime(control.request({ subtype: 'mcp_set_servers', servers }), equipment.startTimeoutMs)
  const status = await inTime(control.request({ subtype: 'mcp_status' }), askMs)
  const statuses = (status as { mcpServers?: ServerStatus[] } | null)?.mcpServers ?? []
  const errors = (set as { errors?: Record<string, string> } | null)?.errors ?? {}
  const permissions = { allow: [] as string[], deny: [] as string[] }
  for (const server of equipment.servers) {
    const found = statuses.find(({ name }) => name === server.name)
    if (found?.status !== 'connected') {
      const late = set === null ? `it did not answer within ${equipment.startTimeoutMs / 1000} s` : 'it did not connect'
      throw await failureOf(server, found?.error ?? errors[server.name] ?? late, equipment.secrets)
    }
    const rules = rulesFor(server, found.tools?.map(({ name }) => name) ?? [])
    if (rules.allow.length === 0) throw await failureOf(server, 'it has none of the tools that were asked for', equipment.secrets)
    permissions.allow.push(...rules.allow)
    permissions.deny.push(...rules.deny)
  }
  await control.request({ subtype: 'apply_flag_settings', settings: { permissions } })
}

/** What is denied is not offered to the model either. */
function rulesFor({ name, tools, withheld }: PreparedServer, offered: readonly string[]): { allow: string[]; deny: string[] } {
  const rule = (tool: string) => `mcp__${name}__${asSeenByModel(tool)}`
  const allowed = (tool: string) =>
    !withheld.includes(tool) && (tools === undefined || tools.includes(tool) || tools.includes(asSeenByModel(tool)))
  return { allow: offered.filter(allowed).map(rule), deny: offered.filter((tool) => !allowed(tool)).map(rule) }
}

async function failureOf(server: PreparedServer, why: string, secrets: readonly string[]): Promise<McpServerFailed> {
  const said = await readFile(server.stderr, 'utf8').catch(() => '')
  const parts = [`The MCP server '${server.name}' failed to start: ${why}`, said.trim() && `It said: ${said.trim().slice(-1000)}`]
  const whole = parts.filter((part) => part !== '').join('. ')
  return new McpServerFailed(redact(secrets.reduce((text, secret) => text.replaceAll(secret, '***'), whole)))
}

/** Null where it takes longer. */
async function inTime<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), ms)))
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
