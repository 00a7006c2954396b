/** What owners have used: sums by hour, owner and model, which no job's end takes away. */
import type { UsageRow } from '../spending.js'
import type { UsageQuery, UsageSum } from '../store.js'
import type { Connection } from './connection.js'
import type { Value } from './driver.js'

const hourS = 3600
/** Rows are kept so long, in hours. */
const keptHours = 400 * 24

/** Inside the caller's transaction. */
export function addUsage(connection: Connection, owner: string, rows: readonly UsageRow[], now: number): void {
  for (const { model, requests, failures, input, cacheRead, cacheWrite, hourCacheWrite, output, reasoning, nanoUsd } of rows) {
    connection
      .sql(
        `INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
           requests = requests + excluded.requests, failures = failures + excluded.failures, input = input + excluded.input,
           cache_read = cache_read + excluded.cache_read, cache_write = cache_write + excluded.cache_write,
           hour_cache_write = hour_cache_write + excluded.hour_cache_write, output = output + excluded.output,
           reasoning = reasoning + excluded.reasoning, nano_usd = nano_usd + excluded.nano_usd`,
      )
      .run(
        ...[Math.floor(now / 1000 / hourS), owner, model, requests, failures],
        ...[input, cacheRead, cacheWrite, hourCacheWrite, output, reasoning, nanoUsd],
      )
  }
}

export function usage(connection: Connection, { owner, from, to, by, limit }: UsageQuery): UsageSum[] {
  const span = by.span === 'hour' ? 'hour' : by.span === 'day' ? 'hour / 24 * 24' : 'NULL'
  const whose = by.owner === true ? 'owner' : 'NULL'
  const which = by.model === true ? 'model' : 'NULL'
  const values: Value[] = [Math.ceil(from / hourS), Math.ceil(to / hourS)]
  if (owner !== undefined) values.push(owner)
  return connection
    .sql(
      `SELECT ${span} AS span, ${whose} AS whose, ${which} AS which, sum(requests) AS requests, sum(failures) AS failures,
         sum(input) AS input, sum(cache_read) AS cache_read, sum(cache_write) AS cache_write, sum(hour_cache_write) AS hour_cache_write,
         sum(output) AS output, sum(reasoning) AS reasoning, sum(nano_usd) AS nano_usd
       FROM usage WHERE hour >= ? AND hour < ? ${owner === undefined ? '' : 'AND owner = ?'}
       GROUP BY span, whose, which HAVING count(*) > 0 ORDER BY span, whose, which LIMIT ?`,
    )
    .all(...values, limit)
    .map((row) => ({
      from: row.span === null ? null : Number(row.span) * hourS,
      owner: row.whose as string | null,
      model: row.which as string | null,
      requests: Number(row.requests),
      failures: Number(row.failures),
      input: Number(row.input),
      cacheRead: Number(row.cache_read),
      cacheWrite: Number(row.cache_write),
      hourCacheWrite: Number(row.hour_cache_write),
      output: Number(row.output),
      reasoning: Number(row.reasoning),
      nanoUsd: Number(row.nano_usd),
    }))
}

/** Forgets what is too old. */
export function pruneUsage(connection: Connection, now: number): void {
  connection.sql('DELETE FROM usage WHERE hour < ?').run(Math.floor(now / 1000 / hourS) - keptHours)
}
