/** Webhooks that are still to be sent. Each goes with the transaction that makes it worth sending. */
import { newWebhookId } from '../ids.js'
import type { JobView } from '../job.js'
import type { JobStatus } from '../status.js'
import { isTold, type WebhookStore } from '../webhooks.js'
import type { Connection } from './connection.js'

/** Inside the transaction that changes the job's status from `before` to `status`, at a time. */
export function addWebhook(connection: Connection, n: number, before: JobStatus, status: JobStatus, at: number): void {
  if (status === before || !isTold(status)) return
  const row = connection.sql('SELECT view FROM jobs WHERE n = ?').get(n)
  const url = urlIn(row?.view)
  if (url === undefined || !URL.canParse(url)) return
  connection
    .sql('INSERT INTO webhooks (id, job, status, url, host, at, due) VALUES (?, ?, ?, ?, ?, ?, ?)')
    .run(newWebhookId(), n, status, url, new URL(url).host, at, at)
}

/** Undefined also where the view cannot be read: the job's end is to be stored all the same. */
function urlIn(view: unknown): string | undefined {
  try {
    return (JSON.parse(view as string) as JobView).webhookUrl
  } catch {
    return undefined
  }
}

/** From one host to the next by the index: thousands may wait for each. */
const allHosts = `
  WITH RECURSIVE hosts (host) AS (
    SELECT min(host) FROM webhooks
    UNION ALL SELECT (SELECT min(host) FROM webhooks WHERE host > hosts.host) FROM hosts WHERE host IS NOT NULL
  )
  SELECT host FROM hosts WHERE host IS NOT NULL`

const dueOfHost = `
  SELECT w.id, jobs.id AS job, w.status, w.url, w.at, w.attempts, w.due FROM webhooks AS w JOIN jobs ON jobs.n = w.job
  WHERE w.host = ? AND w.due <= ? ORDER BY w.due LIMIT ?`

export function webhooksOn(connection: Connection): WebhookStore {
  return {
    async due(now, perHost, limit) {
      const ofHosts = connection
        .sql(allHosts)
        .all()
        .map(({ host }) => connection.sql(dueOfHost).all(host!, now, perHost))
      const turns = Array.from({ length: perHost }, (_, turn) => ofHosts.flatMap((rows) => rows.slice(turn, turn + 1)))
      return turns
        .flatMap((rows) => rows.sort((a, b) => Number(a.due) - Number(b.due)))
        .slice(0, limit)
        .map((row) => ({
          id: row.id as string,
          jobId: row.job as string,
          status: row.status as JobStatus,
          url: row.url as string,
          at: Number(row.at),
          attempts: Number(row.attempts),
        }))
    },

    async nextAt() {
      const next = connection.sql('SELECT min(due) AS due FROM webhooks').get()?.due
      return next == null ? null : Number(next)
    },

    async postpone(id, dueAt) {
      connection.sql('UPDATE webhooks SET attempts = attempts + 1, due = ? WHERE id = ?').run(dueAt, id)
    },

    async remove(id) {
      connection.sql('DELETE FROM webhooks WHERE id = ?').run(id)
    },
  }
}
