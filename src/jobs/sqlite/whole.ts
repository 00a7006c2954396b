/** Everything that a database holds, for who copies it: what is stored as text stays as it is, so that nothing is lost by being read. */
import { join, resolve } from 'node:path'
import { statSync } from 'node:fs'
import type { Job } from '../job.js'
import { UnreadableRecord } from '../unreadable.js'
import { type Connection, openConnection } from './connection.js'
import { loadDriver, type Row } from './driver.js'
import { takeOwnership } from './ownerLock.js'
import { jobOf, selection } from './record.js'
import { migrations } from './schema.js'

export interface WholeJob {
  job: Job
  /** its place in the order of insertion */
  n: number
  format: number
  bytes: number
  deaths: number
  delivered: boolean
  usedTools: boolean
  request: string | null
  idempotency: { key: string; hash: string }[]
  webhooks: WholeWebhook[]
}

export interface WholeWebhook {
  id: string
  status: string
  url: string
  host: string
  at: number
  attempts: number
  due: number
}

/** Counts that must be the same where everything was copied. */
export interface Counts {
  jobs: number
  requests: number
  events: number
  idempotency: number
  webhooks: number
  bytes: number
}

export interface WholeStore {
  /** In the order of insertion. A record that cannot be read is told of and left out. */
  jobs(onUnreadable: (record: UnreadableRecord) => void): Iterable<WholeJob>
  /** Of a job, in order, some at a time. */
  events(n: number): Iterable<{ seq: number; at: number; event: string }[]>
  usage(): Row[]
  /** id and record, in the order in which they were made */
  keys(): { id: string; record: string }[]
  /** the highest place ever given */
  lastPlace(): number
  close(): Promise<void>
}

/** Events and jobs in one question. */
const atOnce = 200

/**
 * Takes the directory as a server does, and changes none of its records. Rejects with `DataDirInUse` where a server has it, and where there is no
 * database of this version.
 */
export async function openWhole(dataDir: string): Promise<WholeStore> {
  const open = await loadDriver()
  const directory = resolve(dataDir)
  const path = join(directory, 'jobs.db')
  if (statSync(path, { throwIfNoEntry: false }) === undefined) throw new Error(`there is no job database ${path}`)
  const lock = takeOwnership(open, directory)
  try {
    const db = open(path)
    const version = Number(db.prepare('PRAGMA user_version').get()?.user_version)
    db.close()
    if (version !== migrations.length) {
      throw new Error(`${path} was written by another version (${version}, not ${migrations.length}): start and end this one on it once`)
    }
    const connection = openConnection(open, path)
    const close = async () => {
      await connection.close()
      lock.release()
    }
    return wholeOf(connection, close)
  } catch (error) {
    lock.release()
    throw error
  }
}

function wholeOf(connection: Connection, close: () => Promise<void>): WholeStore {
  const all = (text: string, ...values: (string | number)[]) => connection.sql(text).all(...values)
  return {
    *jobs(onUnreadable) {
      for (let last = 0; ; ) {
        const rows = all('SELECT n FROM jobs WHERE n > ? ORDER BY n LIMIT ?', last, atOnce)
        for (const { n } of rows) {
          const found = wholeJob(connection, Number(n), onUnreadable)
          if (found !== null) yield found
        }
        if (rows.length === 0) return
        last = Number(rows.at(-1)!.n)
      }
    },

    *events(n) {
      for (let last = 0; ; ) {
        const rows = all('SELECT seq, at, event FROM events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?', n, last, atOnce)
        if (rows.length === 0) return
        yield rows.map(({ seq, at, event }) => ({ seq: Number(seq), at: Number(at), event: event as string }))
        last = Number(rows.at(-1)!.seq)
      }
    },

    usage: () => all('SELECT * FROM usage ORDER BY hour, owner, model'),
    keys: () => all('SELECT id, record FROM keys ORDER BY n') as { id: string; record: string }[],
    lastPlace: () => Number(all(`SELECT seq FROM sqlite_sequence WHERE name = 'jobs'`)[0]?.seq ?? 0),
    close,
  }
}

function wholeJob(connection: Connection, n: number, onUnreadable: (record: UnreadableRecord) => void): WholeJob | null {
  const row = connection.sql(`SELECT format, bytes, deaths, delivered, used_tools, ${selection} FROM jobs WHERE n = ?`).get(n)!
  let job: Job
  try {
    job = jobOf(row)
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error
    onUnreadable(error)
    return null
  }
  const request = connection.sql('SELECT request FROM requests WHERE job = ?').get(n)
  return {
    job,
    n,
    ...{ format: Number(row.format), bytes: Number(row.bytes), deaths: Number(row.deaths) },
    ...{ delivered: Boolean(row.delivered), usedTools: Boolean(row.used_tools), request: (request?.request ?? null) as string | null },
    idempotency: connection.sql('SELECT key, hash FROM idempotency WHERE job = ?').all(n) as { key: string; hash: string }[],
    webhooks: connection
      .sql('SELECT id, status, url, host, at, attempts, due FROM webhooks WHERE job = ?')
      .all(n) as unknown as WholeWebhook[],
  }
}
