/** The connections to Redis: one for commands, one for what others publish. The library is loaded only where a store's URL is set. */
import type { Redis } from 'ioredis'
import { Outage } from './outage.js'
import { type ScriptName, scripts } from './scripts.js'
import { checkServer } from './server-check.js'

export interface RedisOptions {
  /**
   * `redis://` or `rediss://`, with its password. `?prefix=…` is what the names of all keys begin with, for several installations on one
   * Redis; left out: `claude-bridge:`
   */
  url: string
  /** Told of each loss of the connection, and of each return. Never of the URL. */
  onTrouble?: (message: string) => void
}

type Argument = string | number

export class StoreClosed extends Error {
  override readonly name = 'StoreClosed'

  constructor() {
    super('the job store is closed')
  }
}

export class RedisConnection {
  private closed = false
  readonly outage = new Outage()
  /** what could lose records, as far as Redis says it */
  warnings: readonly string[] = []
  /** milliseconds that Redis' clock is before this server's */
  private ahead = 0

  private constructor(
    readonly redis: Redis,
    readonly subscriber: Redis,
    readonly prefix: string,
  ) {}

  /** Rejects where Redis cannot be reached or is none that the store works on. */
  static async open({ url: given, onTrouble = () => {} }: RedisOptions): Promise<RedisConnection> {
    const { Redis } = await import('ioredis')
    const parsed = new URL(given)
    // what has been stored once has its prefix: it does not follow the package's name
    const prefix = parsed.searchParams.get('prefix') ?? 'claude-bridge:'
    parsed.searchParams.delete('prefix')
    const url = parsed.href
    const common = {
      lazyConnect: true,
      // commands wait for the connection to come back: how long is the caller's business
      maxRetriesPerRequest: null,
      retryStrategy: (times: number) => Math.min(50 * times, 500),
      connectTimeout: 5000,
      keepAlive: 5000,
    }
    const redis = new Redis(url, common)
    const subscriber = new Redis(url, { ...common, autoResubscribe: true })
    for (const name of Object.keys(scripts) as ScriptName[]) redis.defineCommand(name, { numberOfKeys: 0, lua: scripts[name] })
    const connection = new RedisConnection(redis, subscriber, prefix)
    let first: Error | null = null
    for (const each of [redis, subscriber]) each.on('error', (error: Error) => (first ??= error))
    try {
      await Promise.all([redis.connect(), subscriber.connect()])
    } catch (error) {
      connection.end()
      throw new Error(`Redis cannot be reached: ${(first ?? (error as Error)).message}`, { cause: error })
    }
    try {
      connection.warnings = await checkServer(redis)
      const [seconds, micros] = await redis.time()
      connection.told(Number(seconds) * 1000 + Math.floor(Number(micros) / 1000))
    } catch (error) {
      connection.end()
      throw error
    }
    redis.on('close', () => {
      if (connection.closed) return
      connection.outage.began()
      onTrouble('the connection to Redis is lost')
    })
    redis.on('ready', () => {
      connection.outage.ended()
      onTrouble('the connection to Redis is there again')
    })
    return connection
  }

  /** Redis' clock, in milliseconds since 1970. */
  clock(): number {
    return Date.now() + this.ahead
  }

  /** Redis has said what its clock says. */
  told(clock: number): void {
    this.ahead = clock - Date.now()
  }

  /** @throws StoreClosed */
  get commands(): Redis {
    if (this.closed) throw new StoreClosed()
    return this.redis
  }

  key(name: string): string {
    return this.prefix + name
  }

  /** @throws BridgeError store_unavailable where Redis is away for too long */
  async run(script: ScriptName, ...given: Argument[]): Promise<unknown> {
    const command = (this.commands as unknown as Record<string, (...given: Argument[]) => Promise<unknown>>)[script]!
    return this.outage.patiently(command.call(this.redis, this.prefix, ...given))
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    // what has been asked is answered, where Redis is there
    if (this.redis.status === 'ready') await this.redis.quit().catch(() => undefined)
    this.end()
  }

  private end(): void {
    this.redis.disconnect()
    this.subscriber.disconnect()
  }
}
