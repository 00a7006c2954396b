/** The embedded store: one SQLite database in a directory of the server's own. The rules are those of `JobStore`. */
import { join, resolve } from 'node:path'
import type { JobStore, StoreHealth } from '../store.js'
import { type Connection, openConnection } from './connection.js'
import { create, findEarlier } from './create.js'
import { makeDataDir } from './dataDir.js'
import { loadDriver } from './driver.js'
import { forget, prune } from './forget.js'
import { list } from './list.js'
import { append, readEvents } from './log.js'
import { type OwnerMoves, moveOwners } from './move-owners.js'
import { takeOwnership } from './ownerLock.js'
import { jobOf, selection } from './record.js'
import { update } from './update.js'
import { webhooksOn } from './webhooks.js'

/**
 * Opens the store in `dataDir`, which is made if need be and must be on a local disk (neither the lock nor the
 * write-ahead log is safe on a network file system). Rejects with `DataDirInUse` if another server has it, with
 * `DatabaseTooNew` as cause if a later version wrote it, else with an error that names the file.
 */
export async function openSqliteStore({ dataDir, owners }: { dataDir: string; owners?: OwnerMoves }): Promise<JobStore> {
  const open = await loadDriver()
  const directory = resolve(dataDir)
  makeDataDir(directory)
  const lock = takeOwnership(open, directory)
  try {
    const connection = openConnection(open, join(directory, 'jobs.db'))
    try {
      if (owners !== undefined) moveOwners(connection, owners)
    } catch (error) {
      connection.close()
      throw error
    }
    return storeOn(connection, () => lock.release())
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Everything below is synchronous inside; `async` makes a rejection of whatever is thrown. */
function storeOn(connection: Connection, release: () => void): JobStore {
  return {
    create: async (job, request, first, idempotency) => create(connection, job, request, first, idempotency),
    earlier: async (owner, idempotency) => findEarlier(connection, owner, idempotency),
    update: async (id, change, events, how) => update(connection, id, change, events, how?.synced),
    append: async (batch) => append(connection, batch),
    events: async (id, after, limit) => readEvents(connection, id, after, limit),
    list: async (query) => list(connection, query),
    delete: async (id) => forget(connection, id),
    prune: async (now) => prune(connection, now),
    webhooks: webhooksOn(connection),

    async get(id) {
      const row = connection.sql(`SELECT ${selection} FROM jobs WHERE id = ?`).get(id)
      return row === undefined ? null : jobOf(row)
    },

    async request(id) {
      const row = connection.sql('SELECT request FROM requests WHERE job = (SELECT n FROM jobs WHERE id = ?)').get(id)
      return row === undefined ? null : (JSON.parse(row.request as string) as unknown)
    },

    async unfinished() {
      return connection
        .sql(
          `SELECT delivered, used_tools, ${selection} FROM jobs
           WHERE status IN ('queued', 'in_progress', 'requires_action') ORDER BY created_at, n`,
        )
        .all()
        .map((row) => ({ job: jobOf(row), delivered: Boolean(row.delivered), usedTools: Boolean(row.used_tools) }))
    },

    health: async () => health(connection),

    async close() {
      try {
        connection.close()
      } finally {
        release()
      }
    },
  }
}

function health(connection: Connection): StoreHealth {
  return connection.transaction(() => {
    connection.sql('UPDATE health SET beats = beats + 1').run()
    return { kind: 'sqlite', jobs: Number(connection.sql('SELECT count(*) AS jobs FROM jobs').get()?.jobs) }
  })
}
