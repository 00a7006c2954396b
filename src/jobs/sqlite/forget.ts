/**
 * Forgetting: a job vanishes from sight in one small transaction, and what belonged to it (a log can have any length)
 * is then cleared in steps with the event loop in between. What a crash leaves uncleared, the next prune clears.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Connection } from './connection.js'

/** How long one step may hold the event loop, in milliseconds, its commit apart. */
const stepMs = 4
/** A job is kept that long for the sake of a webhook that is not off yet, in milliseconds. */
const webhookPatienceMs = 48 * 3600 * 1000
/** Jobs looked at between two looks at the clock. */
const jobsAtOnce = 20
/** Events cleared between two looks at the clock. */
const eventsAtOnce = 100

/** Forgets one job. Done when nothing of it is left; false if there is no such job. */
export async function forget(connection: Connection, id: string): Promise<boolean> {
  const n = connection.transaction(() => {
    const row = connection.sql('SELECT n FROM jobs WHERE id = ?').get(id)
    if (row !== undefined) hide(connection, Number(row.n))
    return row?.n
  })
  if (n === undefined) return false
  await inSteps(connection, () => clearSome(connection, Number(n)))
  return true
}

/** Forgets every job whose `expiresAt` has come, but none that waits for a human: that one is ended first. Says how many. Stops early, and quietly, if the store is closed. */
export async function prune(connection: Connection, now: number): Promise<number> {
  let forgotten = 0
  // each is looked at once: those that are kept for their webhooks would be gone through again for every one behind them
  let last = { expiresAt: -1, n: -1 }
  await inSteps(connection, () => {
    const rows = connection
      .sql(
        `SELECT n, expires_at,
           status = 'requires_action' OR EXISTS (SELECT 1 FROM webhooks WHERE job = jobs.n AND at > ?1) AS kept FROM jobs
         WHERE expires_at <= ?2 AND (expires_at, n) > (?3, ?4) ORDER BY expires_at, n LIMIT ${jobsAtOnce}`,
      )
      .all(now - webhookPatienceMs, now, last.expiresAt, last.n)
    for (const row of rows) {
      last = { expiresAt: Number(row.expires_at), n: Number(row.n) }
      if (row.kept === 1) continue
      hide(connection, last.n)
      forgotten += 1
    }
    return rows.length === jobsAtOnce
  })
  await inSteps(connection, () => {
    const row = connection.sql('SELECT job FROM garbage ORDER BY job LIMIT 1').get()
    if (row === undefined) return false
    clearSome(connection, Number(row.job))
    return true
  })
  return forgotten
}

function hide(connection: Connection, n: number): void {
  connection.sql('DELETE FROM jobs WHERE n = ?').run(n)
  connection.sql('DELETE FROM idempotency WHERE job = ?').run(n)
  connection.sql('DELETE FROM webhooks WHERE job = ?').run(n)
  connection.sql('INSERT INTO garbage (job) VALUES (?)').run(n)
}

/** Clears some of what a hidden job left; false when that was the last of it. */
function clearSome(connection: Connection, n: number): boolean {
  const { changes } = connection
    .sql(
      `DELETE FROM events
       WHERE job = ?1 AND seq < (SELECT min(seq) FROM events WHERE job = ?1) + ${eventsAtOnce}`,
    )
    .run(n)
  if (Number(changes) > 0) return true
  connection.sql('DELETE FROM requests WHERE job = ?').run(n)
  connection.sql('DELETE FROM garbage WHERE job = ?').run(n)
  return false
}

/** Repeats `work` until it says that there is no more: in transactions of bounded time, others' turns between them. */
async function inSteps(connection: Connection, work: () => boolean): Promise<void> {
  const step = () => {
    const until = performance.now() + stepMs
    while (work()) if (performance.now() >= until) return true
    return false
  }
  while (!connection.closed && connection.transaction(step)) await turn()
}
