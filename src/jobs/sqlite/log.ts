/** The event log: appended in order, read in order. */
import { isContent, type JobEvent, type LoggedEvent } from '../events.js'
import { UnreadableRecord } from '../unreadable.js'
import type { Connection } from './connection.js'

/** Where a job's log stands. */
interface LogEnd {
  /** the job's number in the database */
  n: number
  id: string
  lastSeq: number
}

/**
 * Adds events to one job's log, inside the caller's transaction. Throws if a number is written twice or left out. What
 * recovery asks of a log (was something delivered, were tools used) is noted on the record, so that no log is read for
 * it.
 */
export function addEvents(connection: Connection, end: LogEnd, events: LoggedEvent[]): void {
  if (events.length === 0) return
  const insert = connection.sql('INSERT INTO events (job, seq, at, event) VALUES (?, ?, ?, ?)')
  let last = end.lastSeq
  for (const { seq, at, event } of events) {
    if (seq !== last + 1) throw new Error(`event ${seq} of ${end.id} does not follow event ${last}, its last`)
    insert.run(end.n, seq, at, JSON.stringify(event))
    last = seq
  }
  connection
    .sql('UPDATE jobs SET last_seq = ?, delivered = delivered OR ?, used_tools = used_tools OR ? WHERE n = ?')
    .run(
      last,
      Number(events.some(({ event }) => isContent(event))),
      Number(events.some(({ event }) => event.type === 'tool_activity')),
      end.n,
    )
}

export function append(connection: Connection, batch: { id: string; events: LoggedEvent[] }[]): void {
  connection.transaction(() => {
    for (const { id, events } of batch) {
      const job = connection.sql('SELECT n, last_seq FROM jobs WHERE id = ?').get(id)
      if (job !== undefined) addEvents(connection, { n: Number(job.n), id, lastSeq: Number(job.last_seq) }, events)
    }
  })
}

/** An event may be as long as an answer: a page ends with the event that has it reach so many characters. */
const pageCharacters = 1_000_000

/** From one event to the next by the index, so that nothing is read beyond the page. */
const page = `
  WITH RECURSIVE page (job, seq, at, event, characters) AS (
    SELECT job, seq, at, event, length(event) FROM (
      SELECT * FROM events WHERE job = (SELECT n FROM jobs WHERE id = ?1) AND seq > ?2 ORDER BY seq LIMIT 1
    )
    UNION ALL
    SELECT e.job, e.seq, e.at, e.event, page.characters + length(e.event)
    FROM page JOIN events AS e ON e.job = page.job AND e.seq = page.seq + 1
    WHERE page.characters < ${pageCharacters} LIMIT ?3
  )
  SELECT seq, at, event FROM page`

export function readEvents(connection: Connection, id: string, after: number, limit: number): LoggedEvent[] {
  return connection
    .sql(page)
    .all(id, after, limit)
    .map(({ seq, at, event }) => ({
      seq: Number(seq),
      at: Number(at),
      event: eventOf(id, event),
    }))
}

function eventOf(id: string, stored: unknown): JobEvent {
  try {
    const event = JSON.parse(stored as string) as { type?: unknown } | null
    if (typeof event?.type === 'string') return event as JobEvent
  } catch {
    // said below
  }
  throw new UnreadableRecord(id, null, 'events')
}
