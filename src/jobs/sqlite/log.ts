/** The event log: appended in order, read in order. */
import { isContent, type JobEvent, type LoggedEvent } from '../events.js'
import { isFinal, type JobStatus } from '../status.js'
import { type Append, Superseded } from '../store.js'
import { UnreadableRecord } from '../unreadable.js'
import type { Connection } from './connection.js'
import type { Value } from './driver.js'
import { counting, foldedValues, folding } from './record.js'
import { addUsage } from './usage.js'
import { addWebhook } from './webhooks.js'

export function append(connection: Connection, writes: readonly Append[]): (Error | null)[] {
  return connection.transaction(() => writes.map((write) => appendOne(connection, write)))
}

/** Whatever is wrong with one write is found before anything of it is written. */
function appendOne(connection: Connection, { id, after, events, record, usage = [] }: Append): Error | null {
  const row = connection.sql('SELECT n, owner, status, last_seq FROM jobs WHERE id = ?').get(id)
  if (row === undefined || Number(row.last_seq) !== after || isFinal(row.status as JobStatus)) return new Superseded(id, after)
  const gap = events.find(({ seq }, index) => seq !== after + 1 + index)
  if (gap !== undefined) return new Error(`event ${gap.seq} of ${id} is out of its order`)
  const n = Number(row.n)
  const counts = [events.at(-1)?.seq ?? after, ...addEvents(connection, n, events)]
  addUsage(connection, row.owner as string, usage, Date.now())
  if (record === null) {
    if (events.length > 0) connection.sql(counting).run(...counts, n)
    return null
  }
  connection.sql(folding).run(...counts, ...foldedValues(record), n)
  addWebhook(connection, n, row.status as JobStatus, record.status, record.completedAt ?? Date.now())
  return null
}

/** Inside the caller's transaction. What is to be noted of them on the record: 1 for content, 1 for the use of a tool, and their bytes. */
export function addEvents(connection: Connection, n: number, events: readonly LoggedEvent[]): Value[] {
  const insert = connection.sql('INSERT INTO events (job, seq, at, event) VALUES (?, ?, ?, ?)')
  let bytes = 0
  for (const { seq, at, event } of events) {
    const stored = JSON.stringify(event)
    insert.run(n, seq, at, stored)
    bytes += Buffer.byteLength(stored)
    if (event.type === 'files') bytes += event.files.reduce((sum, file) => sum + file.bytes, 0)
  }
  const delivered = events.some(({ event }) => isContent(event))
  // what recovery asks of a log is noted on the record, so that no log is read for it
  const usedTools = events.some(({ event }) => event.type === 'tool_activity')
  return [Number(delivered), Number(usedTools), bytes]
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
