/** Pages of records, by time of creation and, within the same millisecond, by order of insertion. */
import { BridgeError } from '../../errors/catalogue.js'
import type { Job } from '../job.js'
import type { JobPage, JobQuery } from '../store.js'
import type { Connection } from './connection.js'
import type { Row, Value } from './driver.js'
import { selection, valueOf } from './record.js'
import { createSlices } from '../../slices.js'

/** Answers may be long: a page ends with the record that has them reach so many characters. */
const pageCharacters = 4_000_000

/**
 * `readable`: the record in a row, or nothing. Throws `invalid_value` (param `after`) for an `after` that names no job, or none of this owner's: an empty page would
 * tell the caller that there is no more.
 */
export async function list(connection: Connection, query: JobQuery, readable: (row: Row) => Job[]): Promise<JobPage> {
  const conditions: string[] = []
  const values: Value[] = []
  const where = (condition: string, ...given: Value[]) => {
    conditions.push(condition)
    values.push(...given)
  }

  if (query.owner !== undefined) where('owner = ?', query.owner)
  if (query.status !== undefined) where('status = ?', query.status)
  if (query.model !== undefined) where('model = ?', valueOf('model', query.model))
  if (query.after !== undefined) {
    const last = findLast(connection, query.after, query.owner)
    where(`(created_at, n) ${query.order === 'asc' ? '>' : '<'} (?, ?)`, last.created_at!, last.n!)
  }

  const order = query.order === 'asc' ? 'ASC' : 'DESC'
  const page = (more: string[], given: Value[]) =>
    connection
      .sql(
        `SELECT n, created_at FROM jobs ${more.length > 0 ? `WHERE ${more.join(' AND ')}` : ''}
         ORDER BY created_at ${order}, n ${order} LIMIT ?`,
      )
      .all(...given, query.limit + 1)
  // a record has its answer, which may be long
  const slice = createSlices()
  const jobs: Job[] = []
  let characters = 0
  let rows = page(conditions, values)
  for (;;) {
    for (const { n } of rows) {
      const row = connection.sql(`SELECT ${selection} FROM jobs WHERE n = ?`).get(n!)
      if (characters >= pageCharacters) return { jobs, hasMore: true, cut: true }
      if (typeof row?.answer === 'string') characters += row.answer.length
      if (row !== undefined) jobs.push(...readable(row))
      await slice()
    }
    // records that cannot be read are left out, and the page is filled with those behind them
    const last = rows.at(-1)
    if (last === undefined || rows.length <= query.limit || jobs.length > query.limit) break
    rows = page([...conditions, `(created_at, n) ${query.order === 'asc' ? '>' : '<'} (?, ?)`], [...values, last.created_at!, last.n!])
  }
  return { jobs: jobs.slice(0, query.limit), hasMore: jobs.length > query.limit, cut: false }
}

export function known(connection: Connection, ids: readonly string[], now: number): Set<string> {
  const rows = connection
    .sql('SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND (expires_at IS NULL OR expires_at > ?)')
    .all(JSON.stringify(ids), now)
  return new Set(rows.map(({ id }) => id as string))
}

export function storedBytes(connection: Connection, owner: string): number {
  return Number(connection.sql('SELECT bytes FROM owner_bytes WHERE owner = ?').get(owner)?.bytes ?? 0)
}

function findLast(connection: Connection, id: string, owner: string | undefined): Row {
  const row = connection.sql('SELECT owner, created_at, n FROM jobs WHERE id = ?').get(id)
  if (row === undefined || (owner !== undefined && row.owner !== owner)) {
    throw new BridgeError('invalid_value', `There is no task '${id}' to list after.`, { param: 'after' })
  }
  return row
}
