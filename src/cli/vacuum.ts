/** `vacuum`: the whole job database written anew. */
import { readConfig } from '../config.js'
import { DataDirInUse } from '../jobs/sqlite/errors.js'
import { vacuumWhole } from '../jobs/sqlite/shrink.js'
import { CommandError, exits } from './exits.js'
import { sayLine } from './terminal.js'

export async function vacuum(env: NodeJS.ProcessEnv): Promise<void> {
  const { storeUrl, dataDir } = readConfig(env)
  if (storeUrl !== undefined)
    throw new CommandError('STORE_URL is set: jobs are kept in Redis, which has no file to write anew', exits.usage)
  try {
    const { path, before, after } = await vacuumWhole(dataDir)
    sayLine(`${path}: ${megabytes(before)} before, ${megabytes(after)} now`)
  } catch (error) {
    if (!(error instanceof DataDirInUse)) throw error
    throw new CommandError(
      `a server runs on ${dataDir}: stop it first; while it is idle it gives free pages back by itself`,
      exits.unreachable,
    )
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
