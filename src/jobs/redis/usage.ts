/** What owners have used: a hash for each hour, whose fields are owner, model and kind of number. */
import type { UsageRow } from '../spending.js'
import type { UsageQuery, UsageSum } from '../store.js'
import type { RedisConnection } from './connection.js'
import { pipelined } from './pipeline.js'

const hourS = 3600
/** Rows are kept so long, in hours. */
const keptHours = 400 * 24
/** Hours in one question. */
const hoursAtOnce = 50

const kinds = ['requests', 'failures', 'input', 'cacheRead', 'cacheWrite', 'hourCacheWrite', 'output', 'reasoning', 'nanoUsd'] as const
type Kind = (typeof kinds)[number]

/** What is to be added, each field followed by its amount; the owner is put before it by the script that knows it. */
export function usageFields(rows: readonly UsageRow[], now: number): { hour: number; fields: (string | number)[] } {
  const fields = rows.flatMap((row) => kinds.flatMap((kind) => (row[kind] === 0 ? [] : [JSON.stringify([row.model, kind]), row[kind]])))
  return { hour: Math.floor(now / 1000 / hourS), fields }
}

/** Where the sums of a time's day and month stand, in the hash of an owner. */
export function spentFields(now: number): { day: string; month: string } {
  const date = new Date(now).toISOString()
  return { day: date.slice(0, 10), month: date.slice(0, 7) }
}

export async function usage(connection: RedisConnection, { owner, from, to, by, limit }: UsageQuery): Promise<UsageSum[]> {
  const [first, last] = [Math.ceil(from / hourS), Math.ceil(to / hourS) - 1]
  const hours = await connection.commands.zrangebyscore(connection.key('usage'), first, last)
  const sums = new Map<string, UsageSum>()
  for (let at = 0; at < hours.length; at += hoursAtOnce) {
    const some = hours.slice(at, at + hoursAtOnce)
    const rows = await pipelined<string, Record<string, string>>(connection, some, (pipeline, hour) =>
      pipeline.hgetall(connection.key(`usage:${hour}`)),
    )
    for (const [index, row] of rows.entries()) {
      for (const [field, amount] of Object.entries(row)) {
        const { whose, model, kind } = fieldOf(field)
        if (owner !== undefined && owner !== whose) continue
        const group = groupOf(by, Number(some[index]), whose, model)
        const name = JSON.stringify(group)
        const sum = sums.get(name) ?? { ...group, ...none }
        sum[kind] += Number(amount)
        sums.set(name, sum)
      }
    }
  }
  return [...sums.values()].sort(inOrder).slice(0, limit)
}

/** Forgets what is too old. */
export async function pruneUsage(connection: RedisConnection, now: number): Promise<void> {
  const before = Math.floor(now / 1000 / hourS) - keptHours - 1
  const hours = await connection.commands.zrangebyscore(connection.key('usage'), '-inf', before)
  if (hours.length === 0) return
  await connection.commands.unlink(...hours.map((hour) => connection.key(`usage:${hour}`)))
  await connection.commands.zrem(connection.key('usage'), ...hours)
}

const none: Record<Kind, number> = {
  ...{ requests: 0, failures: 0, input: 0, cacheRead: 0, cacheWrite: 0, hourCacheWrite: 0 },
  ...{ output: 0, reasoning: 0, nanoUsd: 0 },
}

/** The model and the kind as JSON, which has no line break, and the owner in the next line. */
function fieldOf(field: string): { whose: string; model: string; kind: Kind } {
  const end = field.indexOf('\n')
  const [model, kind] = JSON.parse(field.slice(0, end)) as [string, Kind]
  return { whose: field.slice(end + 1), model, kind }
}

function groupOf(by: UsageQuery['by'], hour: number, owner: string, model: string): Pick<UsageSum, 'from' | 'owner' | 'model'> {
  const from = by.span === 'hour' ? hour * hourS : by.span === 'day' ? Math.floor(hour / 24) * 24 * hourS : null
  return { from, owner: by.owner === true ? owner : null, model: by.model === true ? model : null }
}

function inOrder(a: UsageSum, b: UsageSum): number {
  const order = (one: string | null, other: string | null) => (one === other ? 0 : (one ?? '') < (other ?? '') ? -1 : 1)
  return (a.from ?? 0) - (b.from ?? 0) || order(a.owner, b.owner) || order(a.model, b.model)
}
