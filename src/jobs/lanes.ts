/**
 * Two kinds of slots, so that work which only waits for the network never stands behind work which needs a process of its own.
 */
import type { Lane } from '../request/lane.js'
import { FairQueue, type Ticket } from './queue.js'

export class Lanes {
  private readonly queues: Record<Lane, FairQueue>

  /** `grant` is called for each ticket as it gets a slot of `queue`, which takes it back. */
  constructor(slots: Record<Lane, number>, grant: (ticket: Ticket, queue: FairQueue) => void) {
    const open = (lane: Lane): FairQueue => {
      const queue = new FairQueue(slots[lane], (ticket) => grant(ticket, queue))
      return queue
    }
    this.queues = { process: open('process'), network: open('network') }
  }

  /** The queue of a job; every one of its runs waits in it. */
  of(job: { view: { lane?: Lane } }): FairQueue {
    return this.queues[job.view.lane ?? 'process']
  }

  named(lane: Lane): FairQueue {
    return this.queues[lane]
  }

  /** Runs in all. */
  get running(): number {
    return this.queues.process.running + this.queues.network.running
  }

  /** No more grants: what waits stays where it is. */
  stop(): void {
    this.queues.process.stop()
    this.queues.network.stop()
  }
}
