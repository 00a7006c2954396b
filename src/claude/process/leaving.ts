import type { Session } from '../session.js'

/** Processes that are being ended without a caller that waits for them. Closing the server waits for them here. */
export class Leaving {
  private readonly ends = new Set<Promise<void>>()

  letGo(session: Session): void {
    const end = session
      .end()
      .catch(() => undefined)
      .then(() => void this.ends.delete(end))
    this.ends.add(end)
  }

  /** Resolves when all of them have gone. */
  async settled(): Promise<void> {
    await Promise.all(this.ends)
  }
}
