/** The files that jobs leave, in Redis: small ones, where servers share no folder (`FILES_DIR`). A hash for each job, by path. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { RedisConnection } from '../jobs/redis/connection.js'
import { type Files, type KeptFile, filesBelow, isPlain } from '../../workspace/kept-files.js'

/** Of one job, in bytes. */
const mostBytes = 64 * 1024 * 1024
/** Jobs looked at in one question. */
const lookedUpAtOnce = 200

export class RedisFiles implements Files {
  constructor(private readonly connection: RedisConnection) {}

  async keep(job: string, from: string, prefix = ''): Promise<KeptFile[]> {
    const files = await filesBelow(from, prefix)
    let sum = Number((await this.connection.commands.hget(this.key(job), sumField)) ?? 0)
    sum += files.reduce((all, { bytes }) => all + bytes, 0)
    if (sum > mostBytes) {
      throw new Error(
        `the files of ${job} have ${sum} bytes, and ${mostBytes} is the most that is kept in Redis: set FILES_DIR to a shared folder`,
      )
    }
    if (files.length === 0) return []
    // one by one, so that no more than one is in memory
    for (const { at, path: file } of files) {
      await this.connection.commands.hset(this.key(job), field(file), await readFile(path.join(from, at)))
    }
    await this.connection.commands.hset(this.key(job), sumField, sum)
    await this.connection.commands.sadd(this.connection.key('files'), job)
    return files.map(({ path: file, bytes }) => ({ path: file, bytes }))
  }

  async open(job: string, file: string): Promise<{ content: Readable; bytes: number } | null> {
    if (!isPlain(file)) return null
    const content = await this.connection.commands.hgetBuffer(this.key(job), field(file))
    return content === null ? null : { content: Readable.from(content.length === 0 ? [] : [content]), bytes: content.length }
  }

  async forget(job: string): Promise<void> {
    await this.connection.commands.unlink(this.key(job)).catch(() => undefined)
    await this.connection.commands.srem(this.connection.key('files'), job).catch(() => undefined)
  }

  async sweep(known: (jobs: readonly string[]) => Promise<ReadonlySet<string>>): Promise<void> {
    try {
      for (let cursor = '0'; ; ) {
        const [next, jobs] = await this.connection.commands.sscan(this.connection.key('files'), cursor, 'COUNT', lookedUpAtOnce)
        const there = jobs.length === 0 ? new Set() : await known(jobs)
        for (const job of jobs) if (!there.has(job)) await this.forget(job)
        if (next === '0') return
        cursor = next
      }
    } catch {
      // what cannot be looked up is left for the next time
    }
  }

  private key(job: string): string {
    return this.connection.key(`files:${job}`)
  }
}

/** No path begins so. */
const sumField = '/bytes'

function field(file: string): string {
  return `file:${file}`
}
