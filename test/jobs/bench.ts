/**
 * A test's own `Jobs` on a store of its own, with a scripted executor; and what has to be true after every test: no
 * slot and no place in the queue is taken, nobody reported trouble, no timer is left.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import tap, { type Test } from 'tap'
import { BridgeError, type ErrorCode } from '../../src/errors/catalogue.js'
import { Places } from '../../src/jobs/places.js'
import { Limiter } from '../../src/limiter.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'
import type { JobEvent, LoggedEvent } from '../../src/jobs/events.js'
import type { Job, NewJob } from '../../src/jobs/job.js'
import { Jobs, type JobsOptions, type JobsStats, type RecoveryCounts } from '../../src/jobs/jobs.js'
import type { JobStore } from '../../src/jobs/store.js'
import { RedisConnection } from '../../src/jobs/redis/connection.js'
import { redisStoreOn } from '../../src/jobs/redis/store.js'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import { type FaultyStore, faulty } from './faulty-store.js'
import { RedisReplicas } from '../../src/replicas/replicas.js'
import { onRedis, startRedis } from '../redis.js'
import { slowStore } from '../fixtures/slow-store.js'
import { ScriptedExecutor } from './scripted-executor.js'
import { temporary } from './sqlite/helpers.js'

export interface BenchOptions extends Partial<Pick<JobsOptions, 'maxQueued' | 'limits' | 'idleTimeoutS' | 'pruneEveryMs' | 'observer'>> {
  /** runs at once that need a process, and that need none */
  maxConcurrent?: number
  maxNetwork?: number
  /** why the test has no meaning where servers share the store, and is left out there */
  notOnRedis?: string
}

export interface Bench {
  jobs: Jobs
  executor: ScriptedExecutor
  store: FaultyStore
  dataDir: string
  /** What was reported through `onTrouble`; a test that expects some takes it out. */
  troubles: string[]
  submit: (asked?: Partial<NewJob>) => Promise<Job>
  /** Another server on that store, not started; nothing of it is looked at after the test. */
  another: (store: JobStore) => Jobs
  /** Ends this server in order and starts another one on the same directory; every member is the new one's. */
  restart: (between?: (store: FaultyStore) => Promise<void>) => Promise<{ queued: number; rerun: number; interrupted: number }>
}

/** A request of the Claude CLI's with these words. */
export function requestOf(words: string): ClaudeRequest {
  return { kind: 'claude', model: 'sonnet', system: [], turns: [{ role: 'user', content: [{ type: 'text', text: words }] }] }
}

export function asking(members: Partial<NewJob> = {}): NewJob {
  return {
    owner: 'anna',
    model: 'sonnet',
    background: false,
    metadata: {},
    view: { ignored: [] },
    choices: 1,
    ttlS: 3600,
    timeoutS: 600,
    request: requestOf('hi'),
    ...members,
  }
}

/** What a job has that needs no process. */
export const network = { view: { ignored: [], lane: 'provider/net' as const } }

function placesFor({ maxConcurrent = 4, maxNetwork = 4 }: BenchOptions): Places {
  return new Places(new Limiter({ bound: maxConcurrent }), new Map([['net', new Limiter({ bound: maxNetwork })]]))
}

/** What a server has of those beside it. */
type Shared = Partial<Pick<JobsOptions, 'replicas' | 'places'>>
type OpenStore = (onTrouble: (message: string, error: unknown) => void) => Promise<Shared & { store: JobStore }>

/** With `TEST_STORE=redis` each bench is a server among others on Redis, though the others are not there. */
export { onRedis }
const redis = onRedis ? await startRedis(tap) : null

async function storeOpener(dataDir: string, options: BenchOptions): Promise<OpenStore> {
  if (redis === null) return async () => ({ store: await openSqliteStore({ dataDir }) })
  const url = `${redis.url}?prefix=${randomUUID()}:`
  return async (onTrouble) => {
    const connection = await RedisConnection.open({ url })
    const places = placesFor(options)
    const replicas = new RedisReplicas({
      connection,
      lanes: () => places.all.map((limiter) => ({ name: places.laneOf(limiter), room: () => limiter.free - limiter.waiting })),
      runningOf: (owner) => options.limits?.runningOf(owner),
      turnsOf: () => 1,
      onKeys: () => {},
      onTrouble,
    })
    const store = redisStoreOn(connection)
    return { replicas, places, store: { ...store, close: async () => (await replicas.close(), store.close()) } }
  }
}

/** A subtest with a bench, and the checks after it. */
export async function onBench(t: Test, name: string, options: BenchOptions, body: (t: Test, bench: Bench) => Promise<void>): Promise<void> {
  const { notOnRedis } = options
  await t.test(name, onRedis && notOnRedis !== undefined ? { skip: notOnRedis } : {}, async (t) => {
    const timersBefore = timers()
    const dataDir = temporary(t)
    const troubles: string[] = []
    const report = (message: string, error: unknown) =>
      void troubles.push(`${message}: ${error instanceof Error ? error.message : String(error)}`)
    const openStore = await storeOpener(dataDir, options)
    const serve = (store: JobStore, executor: ScriptedExecutor, shared: Shared = {}) =>
      new Jobs({
        ...shared,
        store,
        executor,
        places: shared.places ?? placesFor(options),
        maxQueued: 100,
        idleTimeoutS: 60,
        ...options,
        onTrouble: report,
      })
    const open = async () => {
      const { store: opened, ...shared } = await openStore((message, error) => report(message, error))
      const store = faulty(process.env['SLOW_STORE'] === '1' ? slowStore(opened) : opened)
      const executor = new ScriptedExecutor()
      const { replicas } = shared
      if (replicas !== undefined) {
        // there is no look at what is unfinished on Redis: who holds that up means the start
        const start = replicas.start.bind(replicas)
        replicas.start = async (listener) => {
          await store.passed('unfinished')
          return start(listener)
        }
      }
      return { store, executor, jobs: serve(store, executor, shared) }
    }
    const first = await open()
    const bench: Bench = {
      ...first,
      dataDir,
      troubles,
      submit: async (asked) => (await bench.jobs.submit(asking(asked))).job,
      another: (store) => serve(store, new ScriptedExecutor()),
      restart: async (between) => {
        await bench.jobs.stopAll()
        await bench.store.close()
        const next = await open()
        await between?.(next.store)
        Object.assign(bench, next)
        return bench.jobs.start()
      },
    }
    await first.jobs.start()
    await body(t, bench)

    await until(() => bench.jobs.stats().running === 0 && bench.jobs.stats().queued === 0)
    const { queued, running } = bench.jobs.stats()
    t.strictSame({ queued, running }, { queued: 0, running: 0 }, 'no slot and no place in the queue is taken')
    if (!onRedis) {
      await until(() => timers() <= timersBefore)
      t.ok(timers() <= timersBefore, 'no timer is left')
    }
    await bench.jobs.stopAll()
    await bench.store.close()
    t.strictSame(troubles, [], 'no trouble was reported')
  })
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
}

/** Waits for something to come true, but not for ever: what then follows is the test's to check. */
export async function until(condition: () => boolean, ms = 20_000): Promise<void> {
  for (const end = Date.now() + ms; !condition() && Date.now() < end; ) await sleep(2)
}

/** What is true in the same turn of the event loop on this server's own store comes true a moment later on Redis. */
export async function untilOnRedis(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; onRedis && !(await condition()) && Date.now() < end; ) await sleep(2)
}

/** As `Jobs.stats`; on Redis the line is counted for it. */
export async function counted(jobs: Jobs, kind?: Parameters<Jobs['stats']>[0]): Promise<JobsStats> {
  await jobs.counted()
  return jobs.stats(kind)
}

/** What a start says that it has taken up; on Redis any server takes it up later, and the start says nothing. */
export function takenUp(counts: RecoveryCounts): RecoveryCounts {
  return onRedis ? { queued: 0, rerun: 0, interrupted: 0 } : counts
}

/** A promise's value, or `'pending'` if it has none after a while in which everything else could go on. */
export async function soon<T>(promise: Promise<T>, ms = 20_000): Promise<T | 'pending'> {
  const enough = new AbortController()
  const late = sleep(ms, 'pending' as const, { signal: enough.signal }).catch(() => 'pending' as const)
  const first = await Promise.race([promise, late])
  enough.abort()
  return first
}

/** The code with which something is refused; null if it is not. Any other error is thrown on. */
export async function refusal(promise: Promise<unknown>): Promise<ErrorCode | null> {
  try {
    await promise
    return null
  } catch (error) {
    if (error instanceof BridgeError) return error.failure.code
    throw error
  }
}

export interface ReadMore {
  after?: number
  durable?: boolean
  signal?: AbortSignal
}

/** All that a reader gets until its end. */
export async function readAll(jobs: Jobs, id: string, options: ReadMore = {}): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = []
  await follow(jobs, id, events, options)
  return events
}

/** Puts into `into` what a reader gets, as it gets it; resolves when the reader has come to its end. */
export async function follow(jobs: Jobs, id: string, into: LoggedEvent[], options: ReadMore = {}): Promise<void> {
  const { after = 0, durable = false, signal = new AbortController().signal } = options
  for await (const batch of jobs.read(id, { after, durable, signal })) into.push(...batch)
}

/** Whether the events' numbers go on from `after` without a gap. */
export function gapless(events: LoggedEvent[], after = 0): boolean {
  return events.every(({ seq }, index) => seq === after + index + 1)
}

/** Events in short: `text:a`, `status:queued`, `finish:stop`, `end:completed`. */
export function brief(events: LoggedEvent[]): string[] {
  return events.map(({ event }) => inShort(event))
}

function inShort(event: JobEvent): string {
  switch (event.type) {
    case 'text':
    case 'reasoning':
    case 'commentary':
      return `${event.type}:${event.text}`
    case 'status':
    case 'end':
      return `${event.type}:${event.status}`
    case 'finish':
    case 'review':
    case 'attempt':
      return `${event.type}:${event.reason}`
    case 'tool_call':
      return `${event.type}:${event.name ?? ''}${event.arguments}`
    case 'tool_activity':
      return `${event.type}:${event.tool}`
    case 'files':
      return `${event.type}:${event.files.length}`
    case 'usage':
      return `${event.type}:${event.usage.outputTokens}`
  }
}
