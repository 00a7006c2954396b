/** `key create|list|rotate|revoke`. */
import type { IssuedKey, NewKeyBody } from './backend.js'
import type { Client } from './client.js'
import { CommandError, exits } from './exits.js'
import { onBackend } from './on-backend.js'
import { note, sayJson, sayLine, table } from './terminal.js'
import { timeOf } from './times.js'

interface Shown {
  json?: boolean
}

export interface KeyOptions extends Shown {
  admin?: boolean
  model: string[]
  mcpServer: string[]
  tool: string[]
  priority?: number
  limit: string[]
}

export async function createKey(env: NodeJS.ProcessEnv, client: Client, name: string, options: KeyOptions): Promise<void> {
  const { json, admin, model, mcpServer, tool, priority, limit } = options
  const body: NewKeyBody = {
    name,
    ...(admin === true && { admin }),
    ...(model.length > 0 && { models: model }),
    ...(mcpServer.length > 0 && { mcp_servers: mcpServer }),
    ...(tool.length > 0 && { tools: tool }),
    ...(priority !== undefined && { priority }),
    ...(limit.length > 0 && { limits: Object.fromEntries(limit.map(readLimit)) }),
  }
  tell(await onBackend(env, client, (backend) => backend.makeKey(body)), json)
}

export async function listKeys(
  env: NodeJS.ProcessEnv,
  client: Client,
  { json, ...query }: { limit: number; after?: string } & Shown,
): Promise<void> {
  const page = await onBackend(env, client, (backend) => backend.keys(query))
  if (json === true) return sayJson(page)
  const rows = page.data.map(({ id, name, created_at: created, revoked_at: revoked, admin, models, limits }) => [
    id,
    name,
    revoked === null ? (admin ? 'admin' : 'valid') : 'revoked',
    timeOf(created),
    models === null ? 'all' : models.join(','),
    Object.entries(limits)
      .map(([limit, value]) => `${limit}=${value}`)
      .join(' '),
  ])
  sayLine(table([['ID', 'NAME', 'STATE', 'CREATED', 'MODELS', 'LIMITS'], ...rows]))
  if (page.has_more) sayLine(`… more: --after ${page.last_id}`)
}

/** @param grace seconds that the old key is still taken */
export async function rotateKey(
  env: NodeJS.ProcessEnv,
  client: Client,
  id: string,
  { json, grace }: { grace: number } & Shown,
): Promise<void> {
  tell(await onBackend(env, client, (backend) => backend.rotateKey(id, grace)), json)
}

export async function revokeKey(env: NodeJS.ProcessEnv, client: Client, id: string, { json }: Shown): Promise<void> {
  const revoked = await onBackend(env, client, (backend) => backend.revokeKey(id))
  if (json === true) sayJson(revoked)
  else sayLine(`${id} revoked`)
}

/** The key alone on standard output, so that a script can take it. */
function tell(issued: IssuedKey, json: boolean | undefined): void {
  if (json === true) return sayJson(issued)
  note(`${issued.name} (${issued.id}): this key is shown once`)
  sayLine(issued.key)
}

/** `usd_per_day=5`; which names there are is the server's to say. */
function readLimit(text: string): [string, number] {
  const [, name, value] = /^([a-z_]+)=(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (name !== undefined && value !== undefined) return [name, Number(value)]
  throw new CommandError(`--limit ${text}: write it as in requests_per_minute=60`, exits.usage)
}
