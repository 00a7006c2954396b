/** Pages of records, by time of creation and, within the same millisecond, by order of insertion. */
import { BridgeError } from '../../errors.js'
import type { JobPage, JobQuery } from '../store.js'
import type { Connection } from './connection.js'
import type { Row, Value } from './driver.js'
import { jobOf, selection, valueOf } from './record.js'

/**
 * Throws `invalid_value` (param `after`) for an `after` that names no job, or none of this owner's: an empty page would
 * tell the caller that there is no more.
 */
export function list(connection: Connection, query: JobQuery): JobPage {
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
  const rows = connection
    .sql(
      `SELECT ${selection} FROM jobs ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
       ORDER BY created_at ${order}, n ${order} LIMIT ?`,
    )
    .all(...values, query.limit + 1)
  return { jobs: rows.slice(0, query.limit).map(jobOf), hasMore: rows.length > query.limit }
}

function findLast(connection: Connection, id: string, owner: string | undefined): Row {
  const row = connection.sql('SELECT owner, created_at, n FROM jobs WHERE id = ?').get(id)
  if (row === undefined || (owner !== undefined && row.owner !== owner)) {
    throw new BridgeError('invalid_value', `There is no task '${id}' to list after.`, { param: 'after' })
  }
  return row
}
