/**
 * One server per data directory: a second one would take the first one's running jobs for left-overs of a crash. The
 * lock is a transaction that never ends on a side file, so the kernel frees it at the moment its owner dies, however it
 * dies.
 */
import { join } from 'node:path'
import { makePrivateFile } from './dataDir.js'
import type { OpenDatabase } from './driver.js'
import { DataDirInUse } from './errors.js'

export interface OwnerLock {
  release(): void
}

const SQLITE_BUSY = 5

/** Takes the directory, which exists. Throws {@link DataDirInUse} if another server, or this one, has it already. */
export function takeOwnership(open: OpenDatabase, dataDir: string): OwnerLock {
  const path = join(dataDir, 'owner.lock')
  makePrivateFile(path)
  const db = open(path)
  try {
    // of two that start at once, each can be in the other's way for a moment: waiting lets one of them win
    db.exec('PRAGMA busy_timeout = 200; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw new DataDirInUse(dataDir)
    throw new Error(`cannot lock ${path}: ${(error as Error).message}`, { cause: error })
  }
  let held = true
  return {
    release() {
      if (held) db.close()
      held = false
    },
  }
}
