/** `npm run move-to-redis -- --from <DATA_DIR> --to <STORE_URL>`: copies what a server has kept in its data directory to Redis. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { isSame, moveStore } from './jobs/move-store.js'
import { RedisConnection } from './jobs/redis/connection.js'
import { RedisFiles } from './replicas/files.js'

const usage = `npm run move-to-redis -- --from <DATA_DIR> --to <STORE_URL> [--with-files]

Copies all tasks, keys, usage and pending webhooks from DATA_DIR into an empty prefix of Redis. No server may run on either.
--with-files: the files that tasks have left go to Redis as well, for servers without a FILES_DIR.
Without --to, STORE_URL of the environment counts, so that the password is in no list of processes.
`

process.exitCode = await main().catch((error: unknown) => {
  // what the libraries say has no URL in it, and so no password
  process.stderr.write(`move-to-redis: ${error instanceof Error ? error.message : String(error)}\n`)
  return 1
})

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { from: { type: 'string' }, to: { type: 'string' }, 'with-files': { type: 'boolean' }, help: { type: 'boolean' } },
  })
  const { from = process.env['DATA_DIR'], to = process.env['STORE_URL'], help } = values
  if (help === true || !from || !to) {
    process.stdout.write(usage)
    return help === true ? 0 : 2
  }
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
    process.stderr.write('move-to-redis: the two are not the same; no server starts on that prefix until a further run has ended well\n')
    return 1
  }
  process.stdout.write(`${copied} tasks copied in this run. ${directory} is as it was.\n`)
  const files = path.join(directory, 'files')
  if (values['with-files'] === true) process.stdout.write(`files of ${await copyFiles(files, to)} tasks copied\n`)
  else if (existsSync(files))
    process.stdout.write(`Files of tasks are not copied: let FILES_DIR be a shared copy of ${files}, or use --with-files.\n`)
  return 0
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
