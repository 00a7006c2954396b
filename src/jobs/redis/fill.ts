/** Fills an empty prefix with what another store holds. Each step can be done twice, so that a copy that broke off is gone on with. */
import type { Counts, WholeJob, WholeStore } from '../sqlite/whole.js'
import type { Row } from '../sqlite/driver.js'
import type { RedisConnection } from './connection.js'
import { pipelined } from './pipeline.js'
import { membersOf } from './record.js'
import { prelude } from './prelude.js'
import { idempotencyName } from './store.js'
import { spentFields, usageFields } from './usage.js'

/** The job with all that its record stands in, in one step: its log and its request are there before, and of no job until then. */
const fillJob =
  prelude +
  `
local id, n, owner, status, createdAt, bytes, idempotency, hash, webhooks = unpack(ARGV, 2, 10)
if redis.call('EXISTS', jobKey(id)) == 1 then return 0 end
local from = 11
redis.call('HSET', jobKey(id), 'n', n, 'owner', owner, 'createdAt', createdAt, 'bytes', bytes, 'fence', 0)
if idempotency ~= '' then
  redis.call('HSET', p .. idempotency, 'job', id, 'hash', hash)
  redis.call('HSET', jobKey(id), 'idempotency', idempotency)
end
for i = 1, tonumber(webhooks) do
  local webhook, told, url, host, at, attempts, due = unpack(ARGV, from, from + 6)
  redis.call('HSET', p .. 'webhook:' .. webhook, 'job', id, 'status', told, 'url', url, 'host', host, 'at', at, 'attempts', attempts)
  redis.call('ZADD', p .. 'webhooks', due, webhook)
  redis.call('ZADD', p .. 'webhooks:host:' .. host, due, webhook)
  redis.call('SADD', p .. 'webhooks:job:' .. id, webhook)
  nextDueOf(host)
  from = from + 7
end
redis.call('HSET', jobKey(id), unpack(ARGV, from))
relist(id, {}, { '', status })
local expires = redis.call('HGET', jobKey(id), 'expiresAt')
if expires ~= '' then redis.call('ZADD', p .. 'expiring', expires, id) end
addBytes(owner, bytes)
return 1
`

/** There while a copy is not finished: the directory that it is made of. No server starts on such a prefix. */
const fillingName = 'moving'

/** Where a scan looks at so many names at once. */
const namesAtOnce = 1000

/** The directory that a copy is being made of; null where none is. */
export function beingFilledFrom(connection: RedisConnection): Promise<string | null> {
  return connection.commands.get(connection.key(fillingName))
}

/** Says that the prefix is filled from a directory. @throws Error where it has jobs that are not of it, or a server is at work on it */
export async function beginFilling(connection: RedisConnection, from: string): Promise<void> {
  const { commands } = connection
  if ((await namesOf(connection, 'replica:*')).length > 0) throw new Error('a server is at work on that STORE_URL, or was 15 s ago')
  const before = await beingFilledFrom(connection)
  if (before === from) return
  if (before !== null) throw new Error(`that prefix is being filled from ${before}: end that first, or take another prefix`)
  const taken = await commands.exists(...['jobs:', 'keys', 'usage', 'number'].map((name) => connection.key(name)))
  if (taken > 0) throw new Error('that prefix is not empty: take another one (STORE_URL with ?prefix=), or empty it')
  if ((await commands.set(connection.key(fillingName), from, 'NX')) !== 'OK') throw new Error('that prefix is being filled already')
}

/** Servers may start on it. */
export async function endFilling(connection: RedisConnection): Promise<void> {
  await connection.commands.del(connection.key(fillingName))
}

/** False where it was there already. */
export async function fill(connection: RedisConnection, whole: WholeJob, events: ReturnType<WholeStore['events']>): Promise<boolean> {
  const { job, n, format, bytes, deaths, delivered, usedTools, request, idempotency, webhooks } = whole
  const names = [connection.key(`log:${job.id}`), connection.key(`request:${job.id}`)] as const
  if ((await connection.commands.exists(connection.key(`job:${job.id}`))) === 1) return false
  await connection.commands.unlink(...names)
  for (const some of events) {
    await pipelined(connection, some, (pipeline, { seq, at, event }) => pipeline.xadd(names[0], `${seq}-0`, 'at', at, 'event', event))
  }
  if (request !== null) await connection.commands.set(names[1], request)
  const [key] = idempotency
  const members = [
    ...['lastSeq', job.lastSeq, 'format', format, ...membersOf(job)],
    ...(delivered ? ['delivered', '1'] : []),
    ...(usedTools ? ['usedTools', '1'] : []),
    ...(deaths > 0 ? ['deaths', deaths] : []),
  ]
  const given = [
    ...[job.id, String(n).padStart(15, '0'), job.owner, job.status, job.createdAt, bytes],
    ...[key === undefined ? '' : idempotencyName(job.owner, key), key?.hash ?? '', webhooks.length],
    ...webhooks.flatMap(({ id, status, url, host, at, attempts, due }) => [id, status, url, host, at, attempts, due]),
    ...members,
  ]
  return (await connection.outage.patiently(connection.commands.eval(fillJob, 0, connection.prefix, ...given))) === 1
}

/** Usage, made keys, and the place behind which the next job comes. */
export async function fillRest(connection: RedisConnection, store: WholeStore, now = Date.now()): Promise<void> {
  await connection.commands.set(connection.key('number'), store.lastPlace())
  const there = new Set(await connection.commands.lrange(connection.key('keys:order'), 0, -1))
  for (const { id, record } of store.keys()) if (!there.has(id)) await connection.run('putKey', id, record)
  const spent = new Map<string, number>()
  await pipelined(connection, store.usage(), (pipeline, row) => {
    const { hour, owner, fields } = usageOf(row)
    const at = Number(row.hour) * 3_600_000
    // budgets are of days and months: what was spent before counts no more
    const [then, today] = [spentFields(at), spentFields(now)]
    for (const span of ['day', 'month'] as const) {
      const name = JSON.stringify([owner, then[span]])
      if (then[span] === today[span]) spent.set(name, (spent.get(name) ?? 0) + Number(row.nano_usd))
    }
    pipeline.zadd(connection.key('usage'), hour, String(hour))
    return fields.length === 0 ? pipeline : pipeline.hset(connection.key(`usage:${hour}`), ...fields)
  })
  await pipelined(connection, [...spent], (pipeline, [name, nano]) => {
    const [owner, span] = JSON.parse(name) as [string, string]
    return pipeline.hset(connection.key(`spent:${owner}`), span, nano)
  })
}

/** The fields of an hour's hash, each followed by its amount. */
function usageOf(row: Row): { hour: number; owner: string; fields: (string | number)[] } {
  const number = (name: string) => Number(row[name])
  const owner = row.owner as string
  const { fields } = usageFields(
    [
      {
        model: row.model as string,
        ...{ requests: number('requests'), failures: number('failures'), input: number('input'), output: number('output') },
        ...{ cacheRead: number('cache_read'), cacheWrite: number('cache_write'), hourCacheWrite: number('hour_cache_write') },
        ...{ reasoning: number('reasoning'), nanoUsd: number('nano_usd') },
      },
    ],
    0,
  )
  // a field is followed by its owner, as the script that appends writes it
  return { hour: number('hour'), owner, fields: fields.map((part, at) => (at % 2 === 0 ? `${part}\n${owner}` : part)) }
}

/** What is there of some jobs. */
export async function countFilled(connection: RedisConnection, jobs: readonly WholeJob[]): Promise<Counts> {
  const key = (name: string) => connection.key(name)
  const there = await pipelined<WholeJob, string[]>(connection, jobs, (pipeline, { job }) =>
    pipeline.hmget(key(`job:${job.id}`), 'owner', 'bytes'),
  )
  const one = (ask: (id: string) => [command: 'exists' | 'xlen' | 'scard', name: string]) =>
    pipelined<WholeJob, number>(connection, jobs, (pipeline, { job }) => {
      const [command, name] = ask(job.id)
      return pipeline[command](key(name))
    })
  const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0)
  const keys = jobs.flatMap(({ job, idempotency }) => idempotency.map((each) => ({ id: job.id, name: idempotencyName(job.owner, each) })))
  const holders = await pipelined(connection, keys, (pipeline, { name }) => pipeline.hmget(key(name), 'job'))
  return {
    jobs: there.filter(([owner]) => owner != null).length,
    bytes: sum(there.map(([, bytes]) => Number(bytes ?? 0))),
    requests: sum(await one((id) => ['exists', `request:${id}`])),
    events: sum(await one((id) => ['xlen', `log:${id}`])),
    webhooks: sum(await one((id) => ['scard', `webhooks:job:${id}`])),
    idempotency: holders.filter(([holder], at) => holder === keys[at]!.id).length,
  }
}

async function namesOf(connection: RedisConnection, pattern: string): Promise<string[]> {
  const found: string[] = []
  for (let cursor = '0'; ; ) {
    const [next, names] = await connection.commands.scan(cursor, 'MATCH', escaped(connection.prefix) + pattern, 'COUNT', namesAtOnce)
    found.push(...names)
    if (next === '0') return found
    cursor = next
  }
}

/** Characters of the prefix that a pattern reads otherwise. */
function escaped(prefix: string): string {
  return prefix.replace(/[\\*?[\]]/g, '\\$&')
}
