/** A new job, unless its idempotency key says that there is one already. */
import { requestFormat } from '../../request/stored.js'
import type { LoggedEvent } from '../events.js'
import type { Idempotency, Job } from '../job.js'
import type { Connection } from './connection.js'
import { insertion, jobOf, selection, valuesOf } from './record.js'

interface Earlier {
  job: Job
  sameBody: boolean
}

export type Created = { created: true } | ({ created: false } & Earlier)

export function create(connection: Connection, job: Job, request: unknown, first: LoggedEvent, idempotency?: Idempotency): Created {
  return connection.transaction(() => {
    const earlier = idempotency === undefined ? null : findEarlier(connection, job.owner, idempotency)
    if (earlier !== null) return { created: false, ...earlier }

    if (first.seq !== 1) throw new Error(`the first event of ${job.id} has the number ${first.seq}`)
    const stored = JSON.stringify(request ?? null)
    const event = JSON.stringify(first.event)
    const bytes = Buffer.byteLength(stored) + Buffer.byteLength(event)
    const { lastInsertRowid } = connection.sql(insertion).run(...valuesOf({ ...job, lastSeq: 1 }), requestFormat, bytes)
    const n = Number(lastInsertRowid)
    connection.sql('INSERT INTO requests (job, request) VALUES (?, ?)').run(n, stored)
    connection.sql('INSERT INTO events (job, seq, at, event) VALUES (?, 1, ?, ?)').run(n, first.at, event)
    if (idempotency !== undefined) {
      connection
        .sql('INSERT OR REPLACE INTO idempotency (owner, key, hash, job) VALUES (?, ?, ?, ?)')
        .run(job.owner, idempotency.key, idempotency.hash, n)
    }
    return { created: true }
  })
}

/** What failed or was cancelled does not count: its key is free for another try. */
export function findEarlier(connection: Connection, owner: string, { key, hash }: Idempotency): Earlier | null {
  const row = connection
    .sql(
      `SELECT hash, ${selection} FROM idempotency JOIN jobs ON jobs.n = idempotency.job
       WHERE idempotency.owner = ? AND key = ?`,
    )
    .get(owner, key)
  if (row === undefined || row.status === 'failed' || row.status === 'cancelled') return null
  return { job: jobOf(row), sameBody: row.hash === hash }
}
