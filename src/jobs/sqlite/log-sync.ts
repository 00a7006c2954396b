/**
 * Has the write-ahead log put on the disk, beside the event loop: a sync takes milliseconds, on a slow disk many. SQLite itself syncs at its
 * checkpoints only (`synchronous = NORMAL`); that and a sync of the log behind each commit are what `FULL` does.
 */
import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

/** What does the syncs. */
export interface Disk {
  sync(): Promise<void>
  close(): void
}

export class LogSync {
  private running: Promise<void> | null = null
  private next: Promise<void> | null = null
  private broken: Error | null = null

  constructor(private readonly disk: Disk) {}

  /** A sync has failed: what the system held of the log may be lost, and no later sync would tell. @throws its error */
  throwIfBroken(): void {
    if (this.broken !== null) throw this.broken
  }

  /** Resolves when all that was written before is on the disk. Who asks while a sync is at work shares the next one. Rejects for good after one has failed. */
  sync(): Promise<void> {
    this.next ??= this.after(this.running)
    return this.next
  }

  /** Resolves when no sync is at work any more; asks for none. */
  async close(): Promise<void> {
    await Promise.allSettled([this.running, this.next])
    this.disk.close()
  }

  private async after(before: Promise<void> | null): Promise<void> {
    await before?.catch(() => undefined)
    this.running = this.next
    this.next = null
    this.throwIfBroken()
    try {
      await this.disk.sync()
    } catch (error) {
      this.broken = new Error(`the job database could not be synced to its disk: ${(error as Error).message}`, { cause: error })
      throw this.broken
    }
  }
}

/** Of the log of an open database. The file stays the same until the database is closed; SQLite takes no POSIX lock on it that a close could drop. */
export function openDisk(database: string): Disk {
  const file = openSync(`${database}-wal`, 'r+')
  syncFolder(path.dirname(database))
  const datasync = promisify(fdatasync)
  return { sync: () => datasync(file), close: () => closeSync(file) }
}

/** That the log is there at all has to survive, too. */
function syncFolder(folder: string): void {
  // Windows has no folders that can be opened
  if (process.platform === 'win32') return
  const file = openSync(folder, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
