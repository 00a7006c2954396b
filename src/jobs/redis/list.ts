/** Pages of records, by time of creation and, within the same millisecond, by order of insertion. */
import { BridgeError } from '../../errors/catalogue.js'
import type { Job } from '../job.js'
import type { JobPage, JobQuery } from '../store.js'
import type { RedisConnection } from './connection.js'
import { pipelined } from './pipeline.js'
import { jobOf, recordMembers } from './record.js'

/** Answers may be long: a page ends with the record that has them reach so many characters. */
const pageCharacters = 4_000_000
/** Names in one question, and records: each may have a long answer. */
const [namesAtOnce, recordsAtOnce] = [200, 4]

/** See the list of the store on SQLite. `readable`: what `read` gives, or nothing where it cannot be read. */
export async function list(connection: RedisConnection, query: JobQuery, readable: (read: () => Job[]) => Job[]): Promise<JobPage> {
  const jobs: Job[] = []
  let characters = 0
  for await (const ids of pagesOf(connection, query)) {
    for (let from = 0; from < ids.length; from += recordsAtOnce) {
      const some = ids.slice(from, from + recordsAtOnce)
      const rows = await pipelined(connection, some, (pipeline, id) => pipeline.hmget(connection.key(`job:${id}`), ...recordMembers))
      for (const [at, row] of rows.entries()) {
        if (characters >= pageCharacters) return { jobs, hasMore: true, cut: true }
        const found = readable(() => [jobOf(some[at]!, row)].filter((job) => job !== null)).filter((job) => matches(job, query))
        if (found.length > 0) characters += row.at(-1)?.length ?? 0
        jobs.push(...found)
        if (jobs.length > query.limit) return { jobs: jobs.slice(0, query.limit), hasMore: true, cut: false }
      }
    }
  }
  return { jobs, hasMore: false, cut: false }
}

/** It may have come to another status since the list was read. */
function matches({ status, model }: Job, query: JobQuery): boolean {
  return (query.status === undefined || query.status === status) && (query.model === undefined || query.model === model)
}

/** The ids behind `query.after` in their order, some at a time. */
async function* pagesOf(connection: RedisConnection, { owner, status, order, after, limit }: JobQuery): AsyncGenerator<string[]> {
  const name = connection.key(owner === undefined ? `jobs:${status ?? ''}` : `owner:${status ?? ''}:${owner}`)
  let last = after === undefined ? null : await placeOf(connection, after, owner)
  for (;;) {
    const names = await namesFrom(connection, name, last, order, Math.min(namesAtOnce, limit + 1))
    if (names.length === 0) return
    yield names.map(({ member }) => idOf(member))
    last = names.at(-1)!
  }
}

interface Named {
  member: string
  /** time of creation */
  score: number
}

/** Those of the same millisecond as the last are looked through: they are in the order of their members. */
async function namesFrom(
  connection: RedisConnection,
  name: string,
  last: Named | null,
  order: 'asc' | 'desc',
  count: number,
): Promise<Named[]> {
  const backwards = order === 'desc'
  const [from, to] = backwards ? [last?.score ?? '+inf', '-inf'] : [last?.score ?? '-inf', '+inf']
  for (let skipped = 0; ; skipped += namesAtOnce) {
    const flat = backwards
      ? await connection.commands.zrevrangebyscore(name, from, to, 'WITHSCORES', 'LIMIT', skipped, namesAtOnce)
      : await connection.commands.zrangebyscore(name, from, to, 'WITHSCORES', 'LIMIT', skipped, namesAtOnce)
    const names = flat.flatMap((member, at) => (at % 2 === 0 ? [{ member, score: Number(flat[at + 1]) }] : []))
    const behind = names.filter((named) => last === null || isBehind(named, last, backwards))
    if (behind.length > 0 || names.length < namesAtOnce) return behind.slice(0, count)
  }
}

function isBehind(named: Named, last: Named, backwards: boolean): boolean {
  if (named.score !== last.score) return backwards ? named.score < last.score : named.score > last.score
  return backwards ? named.member < last.member : named.member > last.member
}

async function placeOf(connection: RedisConnection, id: string, owner: string | undefined): Promise<Named> {
  const [found, n, createdAt] = await connection.commands.hmget(connection.key(`job:${id}`), 'owner', 'n', 'createdAt')
  if (found == null || (owner !== undefined && found !== owner)) {
    throw new BridgeError('invalid_value', `There is no task '${id}' to list after.`, { param: 'after' })
  }
  return { member: `${n}:${id}`, score: Number(createdAt) }
}

/** The id in a member of a list. */
export function idOf(member: string): string {
  return member.slice(member.indexOf(':') + 1)
}
