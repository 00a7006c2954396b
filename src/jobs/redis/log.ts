/** The event log: a stream whose ids are the events' numbers. */
import type { JobEvent, LoggedEvent } from '../events.js'
import { UnreadableRecord } from '../unreadable.js'
import type { RedisConnection } from './connection.js'

/** An event may be as long as an answer: a page ends with the event that has it reach so many characters. */
const pageCharacters = 64_000
/** Events in one question; of the first one fewer, since each may be long. */
const [fewEvents, someEvents] = [16, 128]

/** @returns what parses the page, and throws {@link UnreadableRecord} */
export async function readEvents(connection: RedisConnection, id: string, after: number, limit: number): Promise<() => LoggedEvent[]> {
  const rows: [id: string, members: string[]][] = []
  let characters = 0
  for (let next = after; rows.length < limit && characters < pageCharacters; ) {
    const count = Math.min(limit - rows.length, rows.length === 0 ? fewEvents : someEvents)
    const some = await connection.commands.xrange(connection.key(`log:${id}`), `${next + 1}-0`, '+', 'COUNT', count)
    for (const row of some) {
      if (characters >= pageCharacters) break
      rows.push(row)
      characters += row[1][3]?.length ?? 0
    }
    if (some.length < count) break
    next = numberOf(some.at(-1)![0])
  }
  return () => rows.map(([entry, [, at, , event]]) => ({ seq: numberOf(entry), at: Number(at), event: eventOf(id, event) }))
}

function numberOf(entry: string): number {
  return Number.parseInt(entry, 10)
}

function eventOf(id: string, stored: string | undefined): JobEvent {
  try {
    const event = JSON.parse(stored!) as { type?: unknown } | null
    if (typeof event?.type === 'string') return event as JobEvent
  } catch {
    // said below
  }
  throw new UnreadableRecord(id, null, 'events')
}
