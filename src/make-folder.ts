/** Makes folders at the start. */
import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * Makes a folder, and those above it. `mkdir` with `recursive` never ends where the system says ENOENT of a folder whose parent is there, as
 * in `/proc`.
 *
 * @returns false where it was there
 * @throws what `mkdir` says of the first one that cannot be made, with its path
 */
export function makeFolder(folder: string, mode: number): boolean {
  try {
    mkdirSync(folder, { mode })
    return true
  } catch (error) {
    if (isFolder(folder)) return false
    const above = path.dirname(folder)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === folder || !makeFolder(above, mode)) throw error
    mkdirSync(folder, { mode })
    return true
  }
}

function isFolder(folder: string): boolean {
  try {
    return statSync(folder).isDirectory()
  } catch {
    return false
  }
}
