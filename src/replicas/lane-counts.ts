/** How many jobs wait in each lane, on all servers together, as it was counted last. */
import type { RedisConnection } from '../jobs/redis/connection.js'
import { pipelined } from '../jobs/redis/pipeline.js'
import { nextInOrder } from '../jobs/sequence.js'

export class LaneCounts {
  /** told of each lane that was counted; `asOf`: see `nextInOrder` */
  onCounted: (lane: string, asOf: number) => void = () => {}
  private readonly waiting = new Map<string, number>()

  constructor(
    private readonly connection: RedisConnection,
    private readonly names: () => readonly string[],
  ) {}

  of(lane: string): number {
    return this.waiting.get(lane) ?? 0
  }

  /** Counts all lanes of this server. */
  async count(): Promise<void> {
    const names = this.names()
    const asOf = nextInOrder()
    this.counted(names, asOf, await this.sizes(names.map((name) => `lane:${name}`)))
  }

  /** Counts one. Resolves with how many are the owner's, in all lanes. */
  async countFor(lane: string, owner: string): Promise<number> {
    const asOf = nextInOrder()
    const [all, own] = await this.sizes([`lane:${lane}`, `owner:queued:${owner}`])
    this.counted([lane], asOf, [all!])
    return own!
  }

  /** They have been counted. */
  counted(names: readonly string[], asOf: number, sizes: readonly number[]): void {
    for (const [at, name] of names.entries()) {
      this.waiting.set(name, sizes[at]!)
      this.onCounted(name, asOf)
    }
  }

  private sizes(lists: readonly string[]): Promise<number[]> {
    return pipelined<string, number>(this.connection, lists, (pipeline, list) => pipeline.zcard(this.connection.key(list)))
  }
}
