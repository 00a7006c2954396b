/** The connections to Redis: one for commands, one for what others publish. The library is loaded only where a store's URL is set. */
import type { Redis } from 'ioredis'
import { type ScriptName, scripts } from './scripts.js'

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

  private constructor(
    readonly redis: Redis,
    readonly subscriber: Redis,
    readonly prefix: string,
  ) {}

  /** Rejects where Redis cannot be reached or is none that the store works on. */
  static async open({ url: given, onTrouble = () => {} }: RedisOptions): Promise<RedisConnection> {
    const { Redis } = await import('ioredis')
    const parsed = new URL(given)
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
    redis.on('close', () => onTrouble('the connection to Redis is lost'))
    redis.on('ready', () => onTrouble('the connection to Redis is there again'))
    return connection
  }

  /** @throws StoreClosed */
  get commands(): Redis {
    if (this.closed) throw new StoreClosed()
    return this.redis
  }

  key(name: string): string {
    return this.prefix + name
  }

  async run(script: ScriptName, ...given: Argument[]): Promise<unknown> {
    const command = (this.commands as unknown as Record<string, (...given: Argument[]) => Promise<unknown>>)[script]!
    return command.call(this.redis, this.prefix, ...given)
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
