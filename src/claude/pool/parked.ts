/**
 * Processes that have answered and wait for their conversation to go on, found by the exact hash of everything said so far. Whoever
 * takes one has it alone; one that nobody takes is ended after a while, the oldest first where there are too many.
 */
import { Leaving } from '../process/leaving.js'
import type { Session } from '../session.js'

interface Entry {
  session: Session
  timer: NodeJS.Timeout
}

export class ParkedSessions {
  /** in the order of their parking */
  private readonly entries = new Map<string, Entry>()
  private readonly leaving = new Leaving()
  private closed = false

  constructor(
    private readonly limit: number,
    private readonly idleMs: number,
  ) {}

  get size(): number {
    return this.entries.size
  }

  /** The process whose conversation has come to exactly this point, or null. */
  take(key: string): Session | null {
    const entry = this.entries.get(key)
    if (entry === undefined) return null
    this.remove(key, entry)
    return entry.session
  }

  /** Keeps a process; false if there is no place for it, so that it is to be ended. */
  park(key: string, session: Session): boolean {
    if (this.closed || this.limit === 0) return false
    // the same conversation was had twice at the same time: one process is enough to go on with it
    if (this.entries.has(key)) return false
    const oldest = this.entries.entries().next()
    if (this.entries.size >= this.limit && !oldest.done) this.drop(...oldest.value)
    session.rest()
    const entry: Entry = { session, timer: setTimeout(() => this.drop(key, entry), this.idleMs) }
    entry.timer.unref()
    this.entries.set(key, entry)
    const remove = () => {
      if (this.entries.get(key) === entry) this.remove(key, entry)
    }
    session.gone.then(remove, remove)
    return true
  }

  /** Ends one that was taken and is of no use. */
  letGo(session: Session): void {
    this.leaving.letGo(session)
  }

  /** Resolves when those that were let go have gone. */
  settled(): Promise<void> {
    return this.leaving.settled()
  }

  /** Ends them all. Resolves when they have gone. */
  async close(): Promise<void> {
    this.closed = true
    for (const [key, entry] of this.entries) this.drop(key, entry)
    await this.leaving.settled()
  }

  private remove(key: string, entry: Entry): void {
    clearTimeout(entry.timer)
    this.entries.delete(key)
  }

  private drop(key: string, entry: Entry): void {
    this.remove(key, entry)
    this.letGo(entry.session)
  }
}
