/** The bodies of `/admin/keys`, and what it says of a key. */
import { z } from 'zod'
import { between, whole } from '../errors/number-words.js'
import type { KeyLimits, MadeKey } from '../jobs/keys.js'

/** Owns the jobs of requests without a key; see `api-keys.ts`. */
const reserved = /^(anonymous|key-[1-9]\d*|key_[0-9a-f]{16})$/

const name = z
  .string()
  .regex(/^[\w.-]{1,64}$/, "it must have 1 to 64 letters, digits, '_', '.' and '-'")
  .refine((value) => !reserved.test(value), 'names of this form are not given to keys')

const names = (longest: number) => z.array(z.string().min(1).max(longest)).max(1000).nullish()
const most = 1_000_000_000
const countFrom = (least: number) => z.int(whole(least, most)).min(least).max(most).nullish()
const count = countFrom(0)
const usd = z.number(between(0, most)).min(0).max(most).nullish()

/** Their names in the record. */
const limitNames = {
  requests_per_minute: 'requestsPerMinute',
  tokens_per_minute: 'tokensPerMinute',
  running: 'running',
  usd_per_day: 'usdPerDay',
  usd_per_month: 'usdPerMonth',
  stored_mb: 'storedMb',
  streams: 'streams',
} as const satisfies Record<string, keyof KeyLimits>

const limitsSchema = z.strictObject({
  requests_per_minute: count,
  tokens_per_minute: count,
  running: countFrom(1),
  usd_per_day: usd.describe('of a day in UTC'),
  usd_per_month: usd.describe('of a month in UTC'),
  stored_mb: count,
  streams: count,
})

const members = {
  admin: z.boolean().nullish().describe('may also do what ADMIN_KEY may'),
  models: names(200).describe('names that its requests may ask for; null: all'),
  mcp_servers: names(64).describe('names in the registry that its requests may use; null: all that the server allows'),
  tools: names(200).describe('tools that its requests may use, as in `allowed_tools`; null: all that the server allows'),
  priority: z.int(whole(1, 10)).min(1).max(10).nullish().describe('turns in a row where several keys wait; 1 where it is left out'),
  limits: limitsSchema.nullish().describe('null, of one or of all: no limit'),
}

/** What is not known here is refused: a limit with a slip in its name would be none. */
export const newKeySchema = z.strictObject({ name, ...members })
export const keyChangeSchema = z.strictObject({ name: name.optional(), ...members })

/** 30 days. */
const longestGraceS = 30 * 24 * 3600

export const rotationSchema = z
  .strictObject({
    grace_s: z.number(between(0, longestGraceS)).min(0).max(longestGraceS).nullish().describe('seconds that the old key is still taken; 0'),
  })
  .nullish()

export type NewKey = Omit<MadeKey, 'id' | 'digest' | 'previous' | 'createdAt' | 'revokedAt'>

/** `limits`: those of before -> the new ones. */
export type KeyChange = Partial<Omit<NewKey, 'limits'>> & { limits?: (before: KeyLimits) => KeyLimits }

export function toNewKey(body: z.infer<typeof newKeySchema>): NewKey {
  return {
    name: body.name,
    admin: body.admin ?? false,
    models: body.models ?? null,
    mcpServers: body.mcp_servers ?? null,
    tools: body.tools ?? null,
    priority: body.priority ?? 1,
    limits: limitsAfter({}, body.limits ?? null),
  }
}

/** What is left out stays; null is what a new key has where it is left out. */
export function toKeyChange(body: z.infer<typeof keyChangeSchema>): KeyChange {
  const { limits } = body
  return {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.admin !== undefined && { admin: body.admin ?? false }),
    ...(body.models !== undefined && { models: body.models }),
    ...(body.mcp_servers !== undefined && { mcpServers: body.mcp_servers }),
    ...(body.tools !== undefined && { tools: body.tools }),
    ...(body.priority !== undefined && { priority: body.priority ?? 1 }),
    ...(limits !== undefined && { limits: (before: KeyLimits) => limitsAfter(before, limits) }),
  }
}

function limitsAfter(before: KeyLimits, given: z.infer<typeof limitsSchema> | null): KeyLimits {
  if (given === null) return {}
  const after: KeyLimits = { ...before }
  for (const [wire, own] of Object.entries(limitNames)) {
    const value = given[wire as keyof typeof limitNames]
    if (value === null) delete after[own]
    else if (value !== undefined) after[own] = value
  }
  return after
}

export const keySchema = z.object({
  id: z.string().describe('owner of its tasks, through every rotation'),
  object: z.literal('key'),
  name: z.string(),
  admin: z.boolean(),
  models: z.array(z.string()).nullable(),
  mcp_servers: z.array(z.string()).nullable(),
  tools: z.array(z.string()).nullable(),
  priority: z.number(),
  limits: z.record(z.string(), z.number()).describe('those that it has'),
  created_at: z.number(),
  revoked_at: z.number().nullable(),
  previous_until: z.number().nullable().describe('until when the key before the last rotation is taken'),
})

/** The only answers that have a key. */
export const issuedKeySchema = keySchema.extend({ key: z.string().describe('told once') })

export const keyListSchema = z.object({
  object: z.literal('list'),
  data: z.array(keySchema),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
})

export const deletedKeySchema = z.object({ id: z.string(), object: z.literal('key.deleted'), deleted: z.boolean() })

export function toKeyObject(key: MadeKey): z.infer<typeof keySchema> {
  const limits = Object.entries(limitNames).flatMap(([wire, own]) =>
    key.limits[own] === undefined ? [] : [[wire, key.limits[own]] as const],
  )
  return {
    id: key.id,
    object: 'key',
    name: key.name,
    admin: key.admin,
    models: key.models && [...key.models],
    mcp_servers: key.mcpServers && [...key.mcpServers],
    tools: key.tools && [...key.tools],
    priority: key.priority,
    limits: Object.fromEntries(limits),
    created_at: seconds(key.createdAt),
    revoked_at: key.revokedAt === null ? null : seconds(key.revokedAt),
    previous_until: key.previous === null || key.revokedAt !== null ? null : seconds(key.previous.until),
  }
}

/** @param secret the whole key */
export function toIssuedKey(key: MadeKey, secret: string): z.infer<typeof issuedKeySchema> {
  return { ...toKeyObject(key), key: secret }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}

export interface PageQuery {
  limit: number
  after?: string | undefined
  order: 'asc' | 'desc'
}

/** A page of keys as OpenAI's lists are; null where there is no key to go on after. */
export function toKeyList(keys: readonly MadeKey[], { limit, after, order }: PageQuery): z.infer<typeof keyListSchema> | null {
  const ordered = order === 'asc' ? keys : [...keys].reverse()
  const from = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  if (after !== undefined && from === 0) return null
  const page = ordered.slice(from, from + limit)
  return {
    object: 'list',
    data: page.map(toKeyObject),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: ordered.length > from + limit,
  }
}
