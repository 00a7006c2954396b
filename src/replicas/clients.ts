/** The clients of this server that wait for jobs: each job's lease is renewed while one does, so that jobs of dead servers' clients end. */
import type { RedisConnection } from '../jobs/redis/connection.js'

/** A server that does not renew its leases for so long has no clients any more. Milliseconds. */
const leaseMs = 15_000
const renewEveryMs = 5000

export class Clients {
  /** jobs, each with how many clients wait for it here */
  private readonly waiting = new Map<string, number>()
  private readonly timer: NodeJS.Timeout

  constructor(
    private readonly connection: RedisConnection,
    private readonly replica: string,
    onTrouble: (message: string, error: unknown) => void,
  ) {
    this.timer = setInterval(() => {
      for (const id of this.waiting.keys()) {
        this.lease(id).catch((error: unknown) => onTrouble('it could not be said that a client still waits', error))
      }
    }, renewEveryMs)
    this.timer.unref()
  }

  /** jobs that clients wait for here */
  get jobs(): number {
    return this.waiting.size
  }

  async hold(id: string): Promise<void> {
    this.waiting.set(id, (this.waiting.get(id) ?? 0) + 1)
    await this.lease(id)
  }

  /** Whether no server has a client any more that waits for the job. */
  async letGo(id: string): Promise<boolean> {
    const left = (this.waiting.get(id) ?? 1) - 1
    if (left > 0) {
      this.waiting.set(id, left)
      return false
    }
    this.waiting.delete(id)
    return (await this.connection.run('letGoClient', id, this.replica)) === 0
  }

  async none(id: string): Promise<boolean> {
    return (await this.connection.run('clientsLeft', id)) === 0
  }

  close(): void {
    clearInterval(this.timer)
  }

  /** Says that one waits, for the time of one lease. */
  async lease(id: string): Promise<void> {
    await this.connection.run('holdClient', id, this.replica, leaseMs)
  }
}
