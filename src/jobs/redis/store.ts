/** The store on Redis, which several servers may share. The rules are those of `JobStore`. */
import { createHash, randomUUID } from 'node:crypto'
import { requestFormat } from '../../request/stored.js'
import type { Idempotency, Job } from '../job.js'
import { UnreadableRecords } from '../unreadable-records.js'
import { statuses } from '../status.js'
import type { JobStore, UnfinishedJob } from '../store.js'
import { UnreadableRecord } from '../unreadable.js'
import { append } from './append.js'
import { RedisConnection, type RedisOptions } from './connection.js'
import { idOf, list } from './list.js'
import { readEvents } from './log.js'
import { keysOn } from './keys.js'
import { pipelined } from './pipeline.js'
import { guarded, patienceMs } from './outage.js'
import { jobOf, membersOf, recordMembers } from './record.js'
import { pruneUsage, usage } from './usage.js'
import { webhooksOn } from './webhooks.js'

export interface RedisStoreOptions extends RedisOptions {
  /** Told once of each record that cannot be read, as it is met. */
  onUnreadable?: (record: UnreadableRecord) => void
}

/** A job is kept that long for the sake of a webhook that is not off yet, in milliseconds. */
const webhookPatienceMs = 48 * 3600 * 1000
/** A new job that comes to Redis later than this was refused meanwhile, as Redis was away. Milliseconds. */
const lateMs = patienceMs + 2000
/** Jobs forgotten in one step. */
const forgottenAtOnce = 50
/** Records in one question. */
const readAtOnce = 50

export async function openRedisStore({ onUnreadable, ...options }: RedisStoreOptions): Promise<JobStore> {
  return redisStoreOn(await RedisConnection.open(options), onUnreadable)
}

/** The store closes the connection. */
export function redisStoreOn(connection: RedisConnection, onUnreadable: (record: UnreadableRecord) => void = () => {}): JobStore {
  const unreadable = new UnreadableRecords(onUnreadable)
  const key = (name: string) => connection.key(name)
  const get = async (id: string): Promise<Job | null> => {
    const row = await connection.commands.hmget(key(`job:${id}`), ...recordMembers)
    return unreadable.noting(() => jobOf(id, row))
  }

  const store: JobStore = {
    kind: 'redis',
    async create(job, request, first, idempotency) {
      if (first.seq !== 1) throw new Error(`the first event of ${job.id} has the number ${first.seq}`)
      const [stored, event] = [JSON.stringify(request ?? null), JSON.stringify(first.event)]
      const bytes = Buffer.byteLength(stored) + Buffer.byteLength(event)
      const earlier = await connection.run(
        ...['create' as const, job.id, randomUUID(), job.owner, job.status, job.createdAt],
        ...[idempotency === undefined ? '' : idempotencyName(job.owner, idempotency), idempotency?.hash ?? ''],
        ...[bytes, stored, first.at, event, connection.clock() + lateMs, 'format', requestFormat, ...membersOf(job)],
      )
      if (earlier === null) return { created: true, synced: Promise.resolve() }
      const [id, sameBody] = earlier as [string, string]
      const found = await get(id)
      // deleted meanwhile
      if (found === null) return store.create(job, request, first, idempotency)
      return { created: false, job: found, sameBody: sameBody === '1' }
    },

    async earlier(owner, idempotency) {
      const [id, hash] = await connection.commands.hmget(key(idempotencyName(owner, idempotency)), 'job', 'hash')
      const job = id == null ? null : await get(id)
      if (job === null || job.status === 'failed' || job.status === 'cancelled') return null
      return { job, sameBody: hash === idempotency.hash }
    },

    append: (writes) => append(connection, writes),
    get,
    keep: async (id) => void (await connection.run('note', id, 'background', '1')),
    countDeaths: async (id, deaths) => void (await connection.run('note', id, 'deaths', deaths)),
    events: async (id, after, limit) => {
      const rows = await readEvents(connection, id, after, limit)
      return unreadable.noting(rows)
    },
    list: (query) => list(connection, query, (read) => unreadable.without(read)),

    giveBack: async () => {},

    async request(id) {
      const [format, request] = await Promise.all([
        connection.commands.hget(key(`job:${id}`), 'format'),
        connection.commands.get(key(`request:${id}`)),
      ])
      if (format === null || request === null) return null
      return unreadable.noting(() => ({ format: Number(format), request: parsed(id, request) }))
    },

    async known(ids, now) {
      const rows = await pipelined(connection, ids, (pipeline, id) => pipeline.hmget(key(`job:${id}`), 'status', 'expiresAt'))
      return new Set(ids.filter((_, at) => rows[at]![0] != null && (rows[at]![1] === '' || Number(rows[at]![1]) > now)))
    },

    storedBytes: async (owner) => Number((await connection.commands.hget(key('bytes'), owner)) ?? 0),
    usage: (query) => usage(connection, query),
    delete: async (id) => (await connection.run('forgetOne', id)) === 1,

    async unfinished() {
      const found: UnfinishedJob[] = []
      const members = (
        await Promise.all(statuses.slice(0, 3).map((status) => connection.commands.zrange(key(`jobs:${status}`), 0, '-1', 'WITHSCORES')))
      ).flatMap((flat) => flat.flatMap((member, at) => (at % 2 === 0 ? [{ member, createdAt: Number(flat[at + 1]) }] : [])))
      members.sort((a, b) => a.createdAt - b.createdAt || (a.member < b.member ? -1 : 1))
      const ids = members.map(({ member }) => idOf(member))
      for (let from = 0; from < ids.length; from += readAtOnce) {
        const some = ids.slice(from, from + readAtOnce)
        const rows = await pipelined(connection, some, (pipeline, id) =>
          pipeline.hmget(key(`job:${id}`), 'delivered', 'usedTools', 'deaths', ...recordMembers),
        )
        for (const [at, [delivered, usedTools, deaths, ...row]] of rows.entries()) {
          for (const job of unreadable.without(() => [jobOf(some[at]!, row)])) {
            if (job !== null) found.push({ job, delivered: delivered === '1', usedTools: usedTools === '1', deaths: Number(deaths ?? 0) })
          }
        }
      }
      return found
    },

    begin: async () => ({ inOrder: (await connection.run('begin')) === 1 }),
    endInOrder: async () => void (await connection.commands.set(key('running'), '0')),

    async prune(now) {
      await pruneUsage(connection, now)
      let forgotten = 0
      for (let skipped = 0; ; ) {
        const answer = await connection.run('forgetExpired', now, now - webhookPatienceMs, skipped, forgottenAtOnce)
        const [looked, kept] = answer as [number, number]
        forgotten += looked - kept
        skipped += kept
        if (looked < forgottenAtOnce) return forgotten
      }
    },

    async health() {
      const [, jobs] = await Promise.all([connection.commands.incr(key('beats')), connection.commands.zcard(key('jobs:'))])
      return { kind: 'redis', jobs, unreadable: unreadable.known, warnings: connection.warnings }
    },

    webhooks: webhooksOn(connection),
    keys: keysOn(connection),
    close: () => connection.close(),
  }
  return guarded(store, connection.outage)
}

/** Where it stands which job an owner has asked for with a key. */
export function idempotencyName(owner: string, { key }: Pick<Idempotency, 'key'>): string {
  return `idempotency:${createHash('sha256')
    .update(JSON.stringify([owner, key]))
    .digest('base64url')}`
}

function parsed(id: string, stored: string): unknown {
  try {
    return JSON.parse(stored) as unknown
  } catch {
    throw new UnreadableRecord(id, null, 'request')
  }
}
