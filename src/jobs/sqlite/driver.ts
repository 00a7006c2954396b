/**
 * Which SQLite: the one inside Node where there is one (from 22.13 without a flag), else `@photostructure/sqlite`,
 * which has the same API. Only what both of them do alike is in the types below.
 */
export type Value = string | number | null
export type Row = Record<string, Value>

export interface Statement {
  run(...values: Value[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  get(...values: Value[]): Row | undefined
  all(...values: Value[]): Row[]
}

export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

/** Opens the database file at an absolute path, and makes it if there is none. Throws the driver's error. */
export type OpenDatabase = (path: string) => Database

interface Driver {
  DatabaseSync: new (path: string) => Database
}

export async function loadDriver(): Promise<OpenDatabase> {
  const { DatabaseSync } = builtIn() ?? (await import('@photostructure/sqlite'))
  return (path) => new DatabaseSync(path)
}

function builtIn(): Driver | undefined {
  return withoutItsWarning(() => process.getBuiltinModule('node:sqlite') as Driver | undefined)
}

/** Node says on loading that its SQLite is experimental: no news to who runs the server. */
function withoutItsWarning<T>(load: () => T): T {
  const host = process as unknown as { emitWarning: (this: unknown, ...args: unknown[]) => void }
  const emitWarning = host.emitWarning
  host.emitWarning = (...args) => {
    if (!String(args[0]).startsWith('SQLite is an experimental feature')) Reflect.apply(emitWarning, process, args)
  }
  try {
    return load()
  } finally {
    host.emitWarning = emitWarning
  }
}
