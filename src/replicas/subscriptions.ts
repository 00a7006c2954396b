/** What other servers publish, for those here who listen: one subscription of Redis for each channel. */
import type { Redis } from 'ioredis'

type Listener = (message: string) => void

export class Subscriptions {
  private readonly channels = new Map<string, Set<Listener>>()

  /** @param redis a connection for this alone */
  constructor(
    private readonly redis: Redis,
    private readonly onTrouble: (message: string, error: unknown) => void,
  ) {
    redis.on('message', (channel: string, message: string) => {
      for (const listener of this.channels.get(channel) ?? []) this.tell(listener, message)
    })
    // what was said while the connection was away is lost: who listens looks again
    redis.on('ready', () => {
      for (const listeners of this.channels.values()) for (const listener of listeners) this.tell(listener, '')
    })
  }

  /** Returns what ends it. `listener` is called with an empty message as well, where something may have been missed. */
  listen(channel: string, listener: Listener): () => void {
    const known = this.channels.get(channel)
    const listeners = known ?? new Set()
    this.channels.set(channel, listeners)
    listeners.add(listener)
    if (known === undefined) {
      this.redis.subscribe(channel).then(
        // what came before the subscription was there
        () => this.tell(listener, ''),
        (error: unknown) => this.onTrouble('a channel could not be listened to', error),
      )
    }
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0 || this.channels.get(channel) !== listeners) return
      this.channels.delete(channel)
      this.redis.unsubscribe(channel).catch(() => undefined)
    }
  }

  /** What one listener throws ends neither the server nor what the others hear. */
  private tell(listener: Listener, message: string): void {
    try {
      listener(message)
    } catch (error) {
      this.onTrouble('what another server has said could not be taken', error)
    }
  }
}
