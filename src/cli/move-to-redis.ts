/** `move-to-redis`: copies what a server has kept in its data directory to Redis. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { isSame, moveStore } from '../jobs/move-store.js'
import { RedisConnection } from '../jobs/redis/connection.js'
import { RedisFiles } from '../replicas/files.js'
import { CommandError, type Exit, exits } from './exits.js'

export interface MoveOptions {
  from: string
  to: string
  /** the files that tasks have left go to Redis as well, for servers without a FILES_DIR */
  withFiles?: boolean
}

/** Prints what was compared. @throws what is in the way; what the libraries say has no URL in it, and so no password */
export async function moveToRedis({ from, to, withFiles }: MoveOptions): Promise<Exit> {
  const directory = path.resolve(from)
  const left: string[] = []
  let copied = 0
  const compared = await moveStore({
    from: directory,
    to,
    onUnreadable: ({ id, part }) => left.push(`  ${id}: its part ${part} cannot be read`),
    onCopied: () => (copied += 1),
  })
  process.stdout.write(`${''.padEnd(13)}${'SQLite'.padStart(14)}${'Redis'.padStart(14)}\n`)
  for (const [name, { sqlite, redis }] of Object.entries(compared)) {
    process.stdout.write(
      `${name.padEnd(13)}${String(sqlite).padStart(14)}${String(redis).padStart(14)}${sqlite === redis ? '' : '  not the same'}\n`,
    )
  }
  if (left.length > 0) process.stdout.write(`not copied:\n${left.join('\n')}\n`)
  if (!isSame(compared)) {
    throw new CommandError('the two are not the same; no server starts on that prefix until a further run has ended well', exits.failed)
  }
  process.stdout.write(`${copied} tasks copied in this run. ${directory} is as it was.\n`)
  const files = path.join(directory, 'files')
  if (withFiles === true) process.stdout.write(`files of ${await copyFiles(files, to)} tasks copied\n`)
  else if (existsSync(files))
    process.stdout.write(`Files of tasks are not copied: let FILES_DIR be a shared copy of ${files}, or use --with-files.\n`)
  return exits.done
}

/** Those that are there already are copied again. */
async function copyFiles(root: string, url: string): Promise<number> {
  const jobs = await readdir(root).catch(() => [])
  const connection = await RedisConnection.open({ url })
  try {
    const files = new RedisFiles(connection)
    for (const job of jobs) {
      await files.forget(job)
      await files.keep(job, path.join(root, job))
    }
    return jobs.length
  } finally {
    await connection.close()
  }
}
