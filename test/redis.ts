/** Debian's `redis-server` on loopback, for the tests of what runs on it. They are left out where there is none, unless `REDIS_TESTS=1`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from './standin/ports.js'

/** The jobs of benches and bridges are kept on Redis. */
export const onRedis = process.env['TEST_STORE'] === 'redis'

/** What starts something leaves with it how that is ended: a test of tap's, or a program of its own. */
export interface Ends {
  teardown(end: () => Promise<void> | void): void
}

/** For the options of a test. */
export const withRedis = isRedisThere() || process.env['REDIS_TESTS'] === '1' ? {} : { skip: 'needs redis-server' }

export function isRedisThere(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface RedisServer {
  url: string
  port: number
  process: ChildProcess
  /** Stops it, at once with SIGKILL. Its data stay. */
  kill(): Promise<void>
  /** Starts it again on its port, with its data. */
  start(): Promise<void>
}

/** One with an append-only file that is synced at every write. It ends with `t`. @param more further arguments of its command line */
export async function startRedis(t: Ends, more: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bridge-redis-'))
  const port = await freePort('127.0.0.1')
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    process: run(folder, port, more),
    async kill() {
      const over = once(server.process, 'exit')
      if (server.process.exitCode !== null || server.process.signalCode !== null) return
      server.process.ref()
      server.process.kill('SIGKILL')
      await over
    },
    async start() {
      server.process = run(folder, port, more)
      await untilReady(port)
    },
  }
  t.teardown(async () => {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  await untilReady(port)
  return server
}

function run(folder: string, port: number, more: readonly string[]): ChildProcess {
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
  const listen = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder]
  const child = spawn('redis-server', [...listen, ...durable, ...more], { stdio: 'ignore' })
  // where a teardown before has failed, this one's is not called
  child.unref()
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

async function untilReady(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
    redis.on('error', () => {})
    const answer = await redis
      .connect()
      .then(() => redis.ping())
      // it asks for a password
      .catch((error: Error) => (error.message.includes('NOAUTH') ? 'PONG' : null))
    redis.disconnect()
    if (answer === 'PONG') return
    await sleep(50)
  }
  throw new Error(`redis-server does not answer on port ${port}`)
}
