/** The embedded store: one SQLite database in a directory of the server's own. The rules are those of `JobStore`. */
import { join, resolve } from 'node:path'
import { createSlices } from '../../slices.js'
import { statuses } from '../status.js'
import type { JobStore, StoreHealth, UnfinishedJob } from '../store.js'
import { UnreadableRecord } from '../unreadable.js'
import { type Connection, openConnection } from './connection.js'
import { create, findEarlier } from './create.js'
import { makeDataDir } from './dataDir.js'
import { type Row, loadDriver } from './driver.js'
import { forget, prune } from './forget.js'
import { keysOn } from './keys.js'
import { known, list, storedBytes } from './list.js'
import { append, readEvents } from './log.js'
import { type OwnerMoves, moveOwners } from './move-owners.js'
import { type OwnerLock, takeOwnership } from './ownerLock.js'
import { jobOf, selection } from './record.js'
import { giveBack } from './shrink.js'
import { UnreadableRecords } from '../unreadable-records.js'
import { pruneUsage, usage } from './usage.js'
import { webhooksOn } from './webhooks.js'

export interface SqliteOptions {
  dataDir: string
  /** Left out: no records change their owner. */
  owners?: OwnerMoves
  /** Told once of each record that cannot be read, as it is met. */
  onUnreadable?: (record: UnreadableRecord) => void
}

/**
 * Opens the store in `dataDir`, which is made if need be and must be on a local disk (neither the lock nor the
 * write-ahead log is safe on a network file system). Rejects with `DataDirInUse` if another server has it, with
 * `DatabaseTooNew` as cause if a later version wrote it, else with an error that names the file.
 */
export async function openSqliteStore({ dataDir, owners, onUnreadable = () => {} }: SqliteOptions): Promise<JobStore> {
  const open = await loadDriver()
  const directory = resolve(dataDir)
  makeDataDir(directory)
  const lock = takeOwnership(open, directory)
  try {
    const connection = openConnection(open, join(directory, 'jobs.db'))
    try {
      if (owners !== undefined) {
        moveOwners(connection, owners)
        await connection.synced()
      }
    } catch (error) {
      await connection.close()
      throw error
    }
    return storeOn(connection, new UnreadableRecords(onUnreadable), () => lock.release())
  } catch (error) {
    lock.release()
    throw error
  }
}

/** For a server whose jobs are kept elsewhere: the directory is its own all the same. Rejects as {@link openSqliteStore} does. */
export async function lockDataDir(dataDir: string): Promise<OwnerLock> {
  const open = await loadDriver()
  const directory = resolve(dataDir)
  makeDataDir(directory)
  return takeOwnership(open, directory)
}

/**
 * All reads and writes are synchronous inside; `async` makes a rejection of whatever is thrown. What has been written resolves when it is on
 * the disk, and what a read may have taken from a write that is not yet resolves then, too, where a client acts on it.
 */
export function storeOn(connection: Connection, unreadable: UnreadableRecords, release: () => void): JobStore {
  const durable = async <T>(work: () => T | Promise<T>): Promise<T> => {
    const result = await work()
    await connection.synced()
    return result
  }
  const readable = (row: Row) => unreadable.without(() => [jobOf(row)])

  return {
    kind: 'sqlite',
    async create(job, request, first, idempotency) {
      const created = create(connection, job, request, first, idempotency)
      const synced = connection.synced()
      // a caller that does not wait for it takes the risk
      synced.catch(() => undefined)
      if (created.created) return { created: true, synced }
      await synced
      return created
    },
    earlier: (owner, idempotency) => durable(() => findEarlier(connection, owner, idempotency)),
    append: async (writes, { synced } = { synced: true }) =>
      synced ? durable(() => append(connection, writes)) : append(connection, writes),
    keep: (id) => durable(() => void connection.sql('UPDATE jobs SET background = 1 WHERE id = ?').run(id)),
    countDeaths: (id, deaths) => durable(() => void connection.sql('UPDATE jobs SET deaths = ? WHERE id = ?').run(deaths, id)),
    events: async (id, after, limit) => unreadable.noting(() => readEvents(connection, id, after, limit)),
    list: async (query) => list(connection, query, readable),
    known: async (ids, now) => known(connection, ids, now),
    storedBytes: async (owner) => storedBytes(connection, owner),
    delete: (id) => durable(() => forget(connection, id)),
    usage: async (query) => usage(connection, query),
    prune: async (now) => {
      if (!connection.closed) connection.transaction(() => pruneUsage(connection, now))
      return prune(connection, now)
    },
    giveBack: (isIdle) => giveBack(connection, isIdle),
    webhooks: webhooksOn(connection),
    keys: keysOn(connection),

    async get(id) {
      const row = connection.sql(`SELECT ${selection} FROM jobs WHERE id = ?`).get(id)
      return row === undefined ? null : unreadable.noting(() => jobOf(row))
    },

    async request(id) {
      const row = connection.sql('SELECT format, request FROM jobs JOIN requests ON requests.job = jobs.n WHERE id = ?').get(id)
      return row === undefined ? null : unreadable.noting(() => ({ format: Number(row.format), request: requestOf(id, row.request) }))
    },

    async unfinished() {
      // a status that no version knows is in no list of those that have not ended
      for (const { n } of connection.sql(unknownStatus).all(...statuses)) {
        const row = connection.sql(`SELECT ${selection} FROM jobs WHERE n = ?`).get(n!)
        if (row !== undefined) readable(row)
      }
      const slice = createSlices()
      const found: UnfinishedJob[] = []
      for (const { n } of connection.sql(unfinished).all()) {
        // what waits for a human has an answer in its record, which may be long
        const row = connection.sql(`SELECT delivered, used_tools, deaths, ${selection} FROM jobs WHERE n = ?`).get(n!)
        for (const job of row === undefined ? [] : readable(row)) {
          found.push({ job, delivered: Boolean(row!.delivered), usedTools: Boolean(row!.used_tools), deaths: Number(row!.deaths) })
        }
        await slice()
      }
      return found
    },

    begin: () =>
      durable(() =>
        connection.transaction(() => {
          const row = connection.sql('SELECT running FROM server').get()
          connection.sql('UPDATE server SET running = 1').run()
          return { inOrder: row?.running === 0 }
        }),
      ),

    endInOrder: () => durable(() => void connection.transaction(() => connection.sql('UPDATE server SET running = 0').run())),

    health: () => durable(() => ({ ...health(connection), unreadable: unreadable.known })),

    async close() {
      try {
        await connection.close()
      } finally {
        release()
      }
    },
  }
}

const unfinished = `SELECT n FROM jobs WHERE status IN ('queued', 'in_progress', 'requires_action') ORDER BY created_at, n`
const unknownStatus = `SELECT n FROM jobs WHERE status NOT IN (${statuses.map(() => '?').join(', ')}) LIMIT 1000`

function requestOf(id: string, stored: unknown): unknown {
  try {
    return JSON.parse(stored as string) as unknown
  } catch {
    throw new UnreadableRecord(id, null, 'request')
  }
}

function health(connection: Connection): Omit<StoreHealth, 'unreadable'> {
  connection.throwIfGone()
  return connection.transaction(() => {
    connection.sql('UPDATE health SET beats = beats + 1').run()
    return { kind: 'sqlite', jobs: Number(connection.sql('SELECT count(*) AS jobs FROM jobs').get()?.jobs) }
  })
}
