/** The event streams that are open, by owner: each has a connection and some memory for as long as its reader likes. */
import type { ServerResponse } from 'node:http'
import { BridgeError } from '../errors/catalogue.js'

export class OpenStreams {
  private readonly open = new Map<string, number>()

  /** @param mostOf an owner may have */
  constructor(private readonly mostOf: (owner: string) => number) {}

  /** Counts a stream until its response is closed. @throws BridgeError rate_limit_exceeded where the owner has too many */
  enter(owner: string, response: ServerResponse): void {
    const open = this.of(owner)
    if (open >= this.mostOf(owner)) {
      const message = `${open} streams of this key are open, which is the most there may be (MAX_STREAMS): close one, or poll the task.`
      throw new BridgeError('rate_limit_exceeded', message, { retryAfter: 5 })
    }
    this.open.set(owner, open + 1)
    response.once('close', () => this.leave(owner))
  }

  of(owner: string): number {
    return this.open.get(owner) ?? 0
  }

  private leave(owner: string): void {
    const left = this.of(owner) - 1
    if (left > 0) this.open.set(owner, left)
    else this.open.delete(owner)
  }
}
