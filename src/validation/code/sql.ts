/** SQL by dialect: PostgreSQL by its own parser, the others by grammars of node-sql-parser, which know most of each dialect. */
import { createRequire } from 'node:module'
import type * as NodeSqlParser from 'node-sql-parser'
import { positionAt } from '../text.js'

const require = createRequire(import.meta.url)

const files = {
  postgresql: undefined,
  mysql: 'mysql',
  mariadb: 'mariadb',
  sqlite: 'sqlite',
  transactsql: 'transactsql',
  bigquery: 'bigquery',
  snowflake: 'snowflake',
  redshift: 'redshift',
  trino: 'trino',
  hive: 'hive',
  db2: 'db2',
} as const

export type Dialect = keyof typeof files
export const dialects = Object.keys(files) as Dialect[]

export type Parsed = { ok: true; statements: number } | { ok: false; why: string; at?: string }

/** Parses all statements of a text; nothing is run. */
export async function parseSql(sql: string, dialect: Dialect): Promise<Parsed> {
  const file = files[dialect]
  return file === undefined ? parsePostgres(sql) : parseWith(sql, file)
}

async function parsePostgres(sql: string): Promise<Parsed> {
  const { loadModule, parseSync, SqlError } = await import('libpg-query')
  await loadModule()
  try {
    return { ok: true, statements: (parseSync(sql) as { stmts?: unknown[] }).stmts?.length ?? 0 }
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    const at = error.sqlDetails?.cursorPosition
    return { ok: false, why: error.message, ...(at !== undefined && at >= 0 && { at: positionAt(sql, at) }) }
  }
}

function parseWith(sql: string, file: string): Parsed {
  const { Parser } = require(`node-sql-parser/build/${file}`) as typeof NodeSqlParser
  try {
    const found = new Parser().astify(sql, { database: file })
    return { ok: true, statements: [found].flat().filter((statement) => statement != null).length }
  } catch (error) {
    const { location, message } = error as Error & { location?: { start: { line: number; column: number } } }
    if (location === undefined) throw error
    const near = /but (.{1,40}) found\.?$/s.exec(message)?.[1]
    const { line, column } = location.start
    return { ok: false, why: near === undefined ? 'syntax error' : `unexpected ${near}`, at: `line ${line}, column ${column}` }
  }
}
