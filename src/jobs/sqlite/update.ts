/** Changes of a record that has not ended. */
import type { LoggedEvent } from '../events.js'
import { isFinal, type JobStatus } from '../status.js'
import type { JobChange } from '../store.js'
import type { Connection } from './connection.js'
import { addEvents } from './log.js'
import { columnOf, valueOf } from './record.js'
import { addWebhook } from './webhooks.js'

const changeable = [
  'status',
  'attempts',
  'startedAt',
  'completedAt',
  'expiresAt',
  'answer',
  'error',
  'background',
  'review',
] as const satisfies (keyof JobChange)[]

export function update(connection: Connection, id: string, change: JobChange, events: LoggedEvent[], synced = true): boolean {
  return connection.transaction(() => {
    const job = connection.sql('SELECT n, status, last_seq FROM jobs WHERE id = ?').get(id)
    if (job === undefined || isFinal(job.status as JobStatus)) return false

    const n = Number(job.n)
    const members = changeable.filter((member) => change[member] !== undefined)
    if (members.length > 0) {
      connection
        .sql(`UPDATE jobs SET ${members.map((member) => `${columnOf(member)} = ?`).join(', ')} WHERE n = ?`)
        .run(...members.map((member) => valueOf(member, change[member]!)), n)
    }
    if (change.deaths !== undefined) connection.sql('UPDATE jobs SET deaths = ? WHERE n = ?').run(change.deaths, n)
    if (change.status !== undefined) addWebhook(connection, n, job.status as JobStatus, change.status, change.completedAt ?? Date.now())
    addEvents(connection, { n, id, lastSeq: Number(job.last_seq) }, events)
    return true
  }, synced)
}
