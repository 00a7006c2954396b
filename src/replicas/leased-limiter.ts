/**
 * A limiter whose bound holds for all servers together: who has a place here needs a lease of Redis as well before it begins. While Redis is
 * away nothing new begins.
 */
import { randomUUID } from 'node:crypto'
import type { RedisConnection } from '../jobs/redis/connection.js'
import { Limiter, type LimiterOptions, type Place } from '../limiter.js'

/** The leases of a server that does not renew them for so long are given to others. Milliseconds. */
const leaseMs = 15_000
const renewEveryMs = 5000
/** between two looks for a lease that others have */
const againMs = 100

export interface LeasedLimiterOptions extends LimiterOptions {
  connection: RedisConnection
  /** what is limited, the same on all servers */
  name: string
  /** leases of all servers together; left out: as many as the bound here */
  total?: number
}

export class LeasedLimiter extends Limiter {
  private readonly connection: RedisConnection
  private readonly key: string
  private readonly total: number
  /** places here that wait for a lease */
  private seeking = 0

  constructor({ connection, name, total, ...options }: LeasedLimiterOptions) {
    super(options)
    this.connection = connection
    this.key = `leases:${name}`
    this.total = total ?? options.bound
  }

  /** Nothing is free here while other servers have all leases. */
  override get free(): number {
    return this.seeking > 0 ? 0 : super.free
  }

  override enter(owner: string, granted: (place: Place) => void, how: { first?: boolean } = {}): () => void {
    let left = false
    let begun = false
    const quit = super.enter(
      owner,
      (place) => {
        this.lease(() => left).then(
          (release) => {
            if (release === null) return place.leave()
            begun = true
            let over = false
            granted({
              leave() {
                if (over) return
                over = true
                release()
                place.leave()
              },
            })
          },
          // the connection is closed: nothing begins any more
          () => place.leave(),
        )
      },
      how,
    )
    return () => {
      if (begun) return
      left = true
      quit()
    }
  }

  /** Resolves with what gives the lease back; null where `left` comes true before there is one. */
  private async lease(left: () => boolean): Promise<(() => void) | null> {
    const holder = randomUUID()
    this.seeking += 1
    try {
      while ((await this.connection.run('lease', this.key, holder, this.total, leaseMs)) !== 1) {
        if (left()) return null
        await new Promise((resolve) => setTimeout(resolve, againMs))
      }
    } finally {
      this.seeking -= 1
    }
    const giveBack = () => void this.connection.run('giveBackLease', this.key, holder).catch(() => undefined)
    if (left()) {
      giveBack()
      return null
    }
    const timer = setInterval(() => {
      // while Redis is away the lease may run out, and the work goes on
      this.connection.run('renewLease', this.key, holder, leaseMs).catch(() => undefined)
    }, renewEveryMs)
    timer.unref()
    return () => {
      clearInterval(timer)
      giveBack()
    }
  }
}
