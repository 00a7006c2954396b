/** The event log: appended in order, read in order. */
import { isContent, type JobEvent, type LoggedEvent } from '../events.js'
import type { Job } from '../job.js'
import { isFinal, type JobStatus } from '../status.js'
import { type Append, Superseded } from '../store.js'
import { UnreadableRecord } from '../unreadable.js'
import type { Connection } from './connection.js'
import { foldedValues, folding } from './record.js'
import { addWebhook } from './webhooks.js'

/** A job's number in the database, and its status there. */
interface Found {
  n: number
  status: JobStatus
}

export function append(connection: Connection, writes: readonly Append[]): (Error | null)[] {
  return connection.transaction(() => writes.map((write) => appendOne(connection, write)))
}

/** Whatever is wrong with one write is found before anything of it is written. */
function appendOne(connection: Connection, { id, after, events, record }: Append): Error | null {
  const row = connection.sql('SELECT n, status, last_seq FROM jobs WHERE id = ?').get(id)
  if (row === undefined || Number(row.last_seq) !== after || isFinal(row.status as JobStatus)) return new Superseded(id, after)
  const gap = events.find(({ seq }, index) => seq !== after + 1 + index)
  if (gap !== undefined) return new Error(`event ${gap.seq} of ${id} is out of its order`)
  const found = { n: Number(row.n), status: row.status as JobStatus }
  addEvents(connection, found.n, events)
  if (record !== null) writeRecord(connection, found, record)
  return null
}

/** Inside the caller's transaction. What recovery asks of a log is noted on the record, so that no log is read for it. */
export function addEvents(connection: Connection, n: number, events: readonly LoggedEvent[]): void {
  const last = events.at(-1)
  if (last === undefined) return
  const insert = connection.sql('INSERT INTO events (job, seq, at, event) VALUES (?, ?, ?, ?)')
  let bytes = 0
  for (const { seq, at, event } of events) {
    const stored = JSON.stringify(event)
    insert.run(n, seq, at, stored)
    bytes += Buffer.byteLength(stored)
    if (event.type === 'files') bytes += event.files.reduce((sum, file) => sum + file.bytes, 0)
  }
  const delivered = events.some(({ event }) => isContent(event))
  const usedTools = events.some(({ event }) => event.type === 'tool_activity')
  connection
    .sql('UPDATE jobs SET last_seq = ?, delivered = delivered OR ?, used_tools = used_tools OR ?, bytes = bytes + ? WHERE n = ?')
    .run(last.seq, Number(delivered), Number(usedTools), bytes, n)
}

function writeRecord(connection: Connection, { n, status }: Found, record: Job): void {
  connection.sql(folding).run(...foldedValues(record), n)
  addWebhook(connection, n, status, record.status, record.completedAt ?? Date.now())
}

/** An event may be as long as an answer: a page ends with the event that has it reach so many characters. */
const pageCharacters = 64_000

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
