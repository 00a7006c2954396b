/** The server before on the same data directory, which is locked: so it is dead, and its jobs need not wait until its leases have run out. */
import { readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** Where a server is, so that a copy of its directory on another machine takes it for no dead one. */
export const place = os.hostname()

/** Notes the id of this one. Resolves with that of the one before, as far as it is known. */
export async function predecessor(dataDir: string, id: string): Promise<string | null> {
  const file = path.join(dataDir, 'replica')
  const before = await readFile(file, 'utf8').catch(() => '')
  await writeFile(file, id)
  return /^[0-9a-f]{12}$/.test(before) ? before : null
}
