/** Copies what a server has kept in its data directory to Redis, and compares both. */
import { RedisConnection } from './redis/connection.js'
import { beginFilling, countFilled, endFilling, fill, fillRest } from './redis/fill.js'
import { usage } from './redis/usage.js'
import { type Counts, openWhole, type WholeJob, type WholeStore } from './sqlite/whole.js'
import type { UnreadableRecord } from './unreadable.js'

export interface MoveOptions {
  from: string
  /** as STORE_URL */
  to: string
  /** Told of a record that cannot be read, and so is not copied. */
  onUnreadable: (record: UnreadableRecord) => void
  /** Told of each job that is copied. */
  onCopied?: (id: string) => void
}

/** The name of each count, with what there was and what there is in Redis. */
export type Compared = Record<keyof Counts | 'keys' | 'usage', { sqlite: number; redis: number }>

/** Jobs that are compared in one question. */
const comparedAtOnce = 100

/** Resolves with what was compared. The directory's database is as it was. @throws what is in the way, before anything is written */
export async function moveStore({ from, to, onUnreadable, onCopied }: MoveOptions): Promise<Compared> {
  const store = await openWhole(from)
  try {
    const connection = await RedisConnection.open({ url: to })
    try {
      await beginFilling(connection, from)
      for (const job of store.jobs(onUnreadable)) if (await fill(connection, job, store.events(job.n))) onCopied?.(job.job.id)
      await fillRest(connection, store)
      const compared = await compare(connection, store)
      if (isSame(compared)) await endFilling(connection)
      return compared
    } finally {
      await connection.close()
    }
  } finally {
    await store.close()
  }
}

export function isSame(compared: Compared): boolean {
  return Object.values(compared).every(({ sqlite, redis }) => sqlite === redis)
}

async function compare(connection: RedisConnection, store: WholeStore): Promise<Compared> {
  const none: Counts = { jobs: 0, requests: 0, events: 0, idempotency: 0, webhooks: 0, bytes: 0 }
  const [here, there] = [{ ...none }, { ...none }]
  const add = async (jobs: readonly WholeJob[]) => {
    for (const job of jobs) addTo(here, countsOf(job, store))
    addTo(there, await countFilled(connection, jobs))
  }
  let some: WholeJob[] = []
  for (const job of store.jobs(() => {})) {
    some.push(job)
    if (some.length < comparedAtOnce) continue
    await add(some)
    some = []
  }
  await add(some)
  const counts = Object.fromEntries(
    (Object.keys(none) as (keyof Counts)[]).map((name) => [name, { sqlite: here[name], redis: there[name] }]),
  ) as Record<keyof Counts, { sqlite: number; redis: number }>
  return {
    ...counts,
    keys: { sqlite: store.keys().length, redis: await connection.commands.hlen(connection.key('keys')) },
    usage: { sqlite: sumOf(store.usage()), redis: sumOf(await allUsage(connection)) },
  }
}

function countsOf({ n, bytes, request, idempotency, webhooks }: WholeJob, store: WholeStore): Counts {
  let events = 0
  for (const some of store.events(n)) events += some.length
  return { jobs: 1, requests: request === null ? 0 : 1, events, idempotency: idempotency.length, webhooks: webhooks.length, bytes }
}

function addTo(sum: Counts, counts: Counts): void {
  for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name]
}

function allUsage(connection: RedisConnection) {
  return usage(connection, { from: 0, to: 100_000_000_000, by: { owner: true, model: true, span: 'hour' }, limit: Infinity })
}

/** Requests, failures and tokens of all lines. */
function sumOf(rows: readonly object[]): number {
  const counted = ['requests', 'failures', 'input', 'output', 'reasoning']
  return rows.reduce((sum, row) => sum + counted.reduce((all, name) => all + Number((row as Record<string, unknown>)[name]), 0), 0)
}
