/** The one connection to the database: prepared statements, transactions, and the settings durability hangs on. */
import { statSync } from 'node:fs'
import { makePrivateFile } from './dataDir.js'
import type { Database, OpenDatabase, Statement } from './driver.js'
import { StoreClosed } from './errors.js'
import { type Disk, LogSync, openDisk } from './log-sync.js'
import { migrate } from './schema.js'

export class Connection {
  readonly #db: Database
  readonly #log: LogSync
  readonly #statements = new Map<string, Statement>()
  #closed = false
  /** of the database's file */
  readonly path: string
  readonly #file: number

  constructor(db: Database, disk: Disk, path: string) {
    this.#db = db
    this.path = path
    this.#file = statSync(path).ino
    this.#log = new LogSync(disk)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** The prepared statement of a text; texts must be of a small set. Throws {@link StoreClosed}. */
  sql(text: string): Statement {
    if (this.#closed) throw new StoreClosed()
    let statement = this.#statements.get(text)
    if (statement === undefined) this.#statements.set(text, (statement = this.#db.prepare(text)))
    return statement
  }

  /**
   * All that `work` writes is with the operating system when this returns, and on the disk when {@link synced} has resolved; nothing of it is
   * written if this throws. Does not nest.
   */
  transaction<T>(work: () => T): T {
    this.#log.throwIfBroken()
    this.sql('BEGIN IMMEDIATE').run()
    try {
      const result = work()
      this.sql('COMMIT').run()
      return result
    } catch (error) {
      try {
        this.sql('ROLLBACK').run()
      } catch {
        // SQLite has done it already, as it does where the disk is full; the first cause is what counts
      }
      throw error
    }
  }

  /** Resolves when all that was written before is on the disk. Rejects where it may not be, from then on always. */
  synced(): Promise<void> {
    return this.#closed ? Promise.resolve() : this.#log.sync()
  }

  /** The open file lives on where its folder has been removed, and all that is written to it is lost. @throws Error */
  throwIfGone(): void {
    const found = statSync(this.path, { throwIfNoEntry: false })
    if (found?.ino !== this.#file) throw new Error(`the job database ${this.path} has been removed or replaced`)
  }

  /** Moves the write-ahead log into the database and closes it. Twice does no harm. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      // a write may have been made in this same step
      await this.#log.sync().catch(() => undefined)
      await this.#log.close()
    } finally {
      closeDatabase(this.#db)
    }
  }
}

/**
 * Opens the database at an absolute path, makes or migrates it, and proves that it can be written. Throws an error that
 * names the file, its cause being the driver's or a `DatabaseTooNew`. @param disk syncs the database's log; left out: the real one
 */
export function openConnection(open: OpenDatabase, path: string, disk: (path: string) => Disk = openDisk): Connection {
  let db: Database | undefined
  try {
    makePrivateFile(path)
    db = open(path)
    configure(db)
    migrate(db)
    db.exec('UPDATE health SET beats = beats + 1')
    return new Connection(db, disk(path), path)
  } catch (error) {
    if (db !== undefined) closeDatabase(db)
    throw new Error(`cannot use the job database ${path}: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Leaving WAL mode is the one way to be rid of the log for sure: the npm driver's prepared statements live until they
 * are collected as garbage, and keep the closed connection and its log open until then.
 */
function closeDatabase(db: Database): void {
  try {
    db.exec('PRAGMA journal_mode = DELETE')
  } catch {
    // a full disk, or a shell that is reading: nothing is lost, the next start finds the log
  }
  db.close()
}

/**
 * NORMAL: SQLite syncs at checkpoints only, and {@link LogSync} behind each commit; fullfsync is what a checkpoint takes on macOS. We are
 * the only server, so the busy timeout is for an administrator's shell; short, because waiting blocks the event loop.
 */
function configure(db: Database): void {
  // heeded where the file is new and nothing is written yet; see shrink.ts
  db.exec('PRAGMA busy_timeout = 1000; PRAGMA auto_vacuum = INCREMENTAL')
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode
  if (mode !== 'wal') throw new Error('the file system does not allow a write-ahead log')
  db.exec(`
    PRAGMA synchronous = NORMAL;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA journal_size_limit = 67108864;
  `)
}
