/** Webhooks that are still to be sent. Each goes with the transaction that makes it worth sending. */
import { setImmediate as turn } from 'node:timers/promises'
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

/** Hosts in one question: a millisecond or two. */
const hostsAtOnce = 500

/** From one host to the next by the index: thousands of webhooks may wait for each. The first hosts at or behind a name. */
const someHosts = (from: '>=' | '>') => `
  WITH RECURSIVE hosts (host) AS (
    SELECT min(host) FROM webhooks WHERE host ${from} ?
    UNION ALL SELECT (SELECT min(host) FROM webhooks WHERE host > hosts.host) FROM hosts WHERE host IS NOT NULL
    LIMIT ${hostsAtOnce}
  )
  SELECT host, (SELECT min(due) FROM webhooks WHERE host = hosts.host) AS due FROM hosts WHERE host IS NOT NULL`

/** The hosts whose turn comes first, as many as are asked for: there may be as many hosts as webhooks, and the event loop has turns. */
async function firstHosts(connection: Connection, now: number, limit: number): Promise<string[]> {
  let first: { host: string; due: number }[] = []
  let rows = connection.sql(someHosts('>=')).all('')
  for (;;) {
    const due = rows.map((row) => ({ host: row.host as string, due: Number(row.due) })).filter((host) => host.due <= now)
    first = [...first, ...due].sort((a, b) => a.due - b.due).slice(0, limit)
    const last = rows.at(-1)
    if (last === undefined || rows.length < hostsAtOnce) return first.map(({ host }) => host)
    await turn()
    rows = connection.sql(someHosts('>')).all(last.host!)
  }
}

const dueOfHost = `
  SELECT w.id, jobs.id AS job, w.status, w.url, w.at, w.attempts, w.due FROM webhooks AS w JOIN jobs ON jobs.n = w.job
  WHERE w.host = ? AND w.due <= ? ORDER BY w.due LIMIT ?`

export function webhooksOn(connection: Connection): WebhookStore {
  return {
    async due(now, perHost, limit) {
      const hosts = await firstHosts(connection, now, limit)
      // at once: what has been sent since then must not be sent again
      const ofHosts = hosts.map((host) => connection.sql(dueOfHost).all(host, now, perHost))
      // a webhook must not tell of an end that a power cut could take back
      if (ofHosts.length > 0) await connection.synced()
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

    // there is no other
    claim: async () => true,

    async postpone(id, dueAt) {
      connection.sql('UPDATE webhooks SET attempts = attempts + 1, due = ? WHERE id = ?').run(dueAt, id)
      await connection.synced()
    },

    async remove(id) {
      connection.sql('DELETE FROM webhooks WHERE id = ?').run(id)
      await connection.synced()
    },
  }
}
