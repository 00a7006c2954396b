/**
 * The data directory and its files belong to the server's user alone: they hold prompts and answers.
 */
import { chmodSync, closeSync, openSync, readdirSync, statSync } from 'node:fs'
import { makeFolder } from '../../make-folder.js'

/**
 * Makes the directory with mode 0700. One that exists is tightened if it is empty (a volume just mounted, a `mkdir` by
 * hand). One with something in it is left as it is, since others may live there (think of `/tmp`, and a server run by
 * root); the files are private by themselves.
 */
export function makeDataDir(dataDir: string): void {
  if (makeFolder(dataDir, 0o700)) return
  const { mode } = statSync(dataDir)
  const shared = (mode & 0o1000) !== 0
  if ((mode & 0o077) === 0 || shared || readdirSync(dataDir).length > 0) return
  try {
    chmodSync(dataDir, 0o700)
  } catch (error) {
    // a volume that is root's but writable for us
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
  }
}

/**
 * Makes sure that a database file is there with mode 0600, and what a crash left beside it too; what SQLite makes
 * beside it later takes the database's mode. Never opens a file that exists: closing it again would drop the locks
 * (POSIX) that this process may hold on it.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const found = statSync(file, { throwIfNoEntry: false })
    if (found !== undefined && (found.mode & 0o077) !== 0) chmodSync(file, 0o600)
  }
}
