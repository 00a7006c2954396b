/**
 * Gives back to the file system what forgotten jobs took. A database that this version has made does so in small steps (`auto_vacuum =
 * INCREMENTAL`). An older one has to be written anew once, which needs as much room again, and time in which nothing else goes on.
 */
import { statfsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type Connection, openConnection } from './connection.js'
import { loadDriver } from './driver.js'
import { takeOwnership } from './ownerLock.js'

/** Below this much free room in the file nothing is given back: the next jobs will use it, in bytes. */
const worthBytes = 1024 * 1024
/** A larger file is not written anew while a server runs: half a second in which nothing else goes on, in bytes. */
const wholeUpToBytes = 32 * 1024 * 1024
/** Pages in one step, whose time is that of a small transaction. */
const pagesAtOnce = 64

const incremental = 2

/** Databases that this process has tried to write anew: where it fails, it would fail each time. */
const tried = new WeakSet<Connection>()

export interface Room {
  pages: number
  free: number
  pageBytes: number
  /** free pages can be given back in steps */
  inSteps: boolean
}

export function roomIn(connection: Connection): Room {
  const read = (name: string) => Number(Object.values(connection.sql(`PRAGMA ${name}`).get() ?? {})[0])
  return {
    pages: read('page_count'),
    free: read('freelist_count'),
    pageBytes: read('page_size'),
    inSteps: read('auto_vacuum') === incremental,
  }
}

/** Goes on as long as `isIdle` says so, with the event loop's turns in between; see `JobStore.giveBack`. */
export async function giveBack(connection: Connection, isIdle: () => boolean): Promise<void> {
  if (connection.closed || !isIdle()) return
  const room = roomIn(connection)
  if (room.free * room.pageBytes < worthBytes) return
  if (!room.inSteps) {
    const bytes = room.pages * room.pageBytes
    if (bytes > wholeUpToBytes || room.free * 4 < room.pages || lacksRoom(connection.path, bytes) !== null || tried.has(connection)) return
    tried.add(connection)
    return writeAnew(connection)
  }
  for (let { free } = room; free > 0 && isIdle(); free -= pagesAtOnce) {
    // a page is given back at each step of the statement, so that it has to be run to its end
    connection.sql(`PRAGMA incremental_vacuum(${pagesAtOnce})`).all()
    await turn()
    if (connection.closed) return
  }
  // the file gets shorter when the log has been moved into it
  connection.sql('PRAGMA wal_checkpoint(PASSIVE)').get()
}

function writeAnew(connection: Connection): void {
  connection.sql('PRAGMA auto_vacuum = INCREMENTAL').run()
  connection.sql('VACUUM').run()
  connection.sql('PRAGMA wal_checkpoint(TRUNCATE)').get()
}

/** Two more copies: the new one, and the log that it goes through. Null: there is room. */
function lacksRoom(path: string, bytes: number): { needed: number; available: number } | null {
  const { bavail, bsize } = statfsSync(dirname(path))
  const [needed, available] = [2 * bytes, bavail * bsize]
  return available < needed ? { needed, available } : null
}

/**
 * Writes the whole database of a directory anew; no server may run on it. Resolves with the file's size in bytes before and after. Rejects with
 * `DataDirInUse` where one does, and where there is no database or no room for the copy.
 */
export async function vacuumWhole(dataDir: string): Promise<{ path: string; before: number; after: number }> {
  const directory = resolve(dataDir)
  const path = join(directory, 'jobs.db')
  const sizeOf = () => statSync(path, { throwIfNoEntry: false })?.size
  if (sizeOf() === undefined) throw new Error(`there is no job database ${path}`)
  // the copy is as large as the database, and /tmp may be small; SQLite reads this when it is first used
  process.env['SQLITE_TMPDIR'] ??= directory
  const open = await loadDriver()
  const lock = takeOwnership(open, directory)
  try {
    const connection = openConnection(open, path)
    try {
      const before = roomIn(connection).pages * roomIn(connection).pageBytes
      const lack = lacksRoom(path, before)
      if (lack !== null) throw new Error(`${path} needs ${lack.needed} bytes of room for its copy, and ${lack.available} are there`)
      writeAnew(connection)
      await connection.close()
      return { path, before, after: sizeOf() ?? 0 }
    } finally {
      await connection.close()
    }
  } finally {
    lock.release()
  }
}
