/**
 * Processes that have answered and wait for another question of their owner's. One is found by what it holds: the one that a request
 * continues, else the one with the most turns in common. A process that is not asked is ended after a while; where there are too many,
 * the one that was used longest ago is ended.
 */
import type { ClaudeRequest } from '../../request/conversation.js'
import { Leaving } from '../process/leaving.js'
import type { Session } from '../session.js'

interface Entry {
  key: string
  session: Session
  timer: NodeJS.Timeout
}

/** What is looked for. */
export interface Wanted {
  /** see `reuseKey` */
  key: string
  request: ClaudeRequest
  /** see `chainOf`: of the turns before the last */
  chain: readonly string[]
}

/** A process, and how many of the turns that it holds can stay. */
export interface Match {
  session: Session
  keep: number
}

interface Waiting {
  wanted: Wanted
  take(match: Match): void
}

export interface IdleOptions {
  /** processes that wait at the same time */
  limit: number
  /** milliseconds after which one that is not asked is ended */
  idleMs: number
  /** whether turns can be taken back; without it a process only goes on with its own conversation */
  takesBack(): boolean
  /** Whether a process may still be used: one that is too old, too large, or of another credential may not. */
  isFit(session: Session): boolean
}

export class IdleSessions {
  /** in the order of their last use */
  private readonly entries = new Set<Entry>()
  private readonly waiting = new Set<Waiting>()
  private readonly leaving = new Leaving()
  private closed = false

  constructor(private readonly options: IdleOptions) {}

  get size(): number {
    return this.entries.size
  }

  /** The process that suits best, or null. */
  take(wanted: Wanted): Match | null {
    let best: { entry: Entry; keep: number } | null = null
    for (const entry of this.entries) {
      if (entry.key !== wanted.key) continue
      if (!this.options.isFit(entry.session)) {
        this.drop(entry)
        continue
      }
      const keep = this.keepFor(entry.session, wanted)
      // of equal ones the one used longest ago: its conversation is the least likely to go on
      if (keep !== null && (best === null || keep > best.keep)) best = { entry, keep }
    }
    if (best === null) return null
    this.remove(best.entry)
    return { session: best.entry.session, keep: best.keep }
  }

  /** Is given the first process that becomes free and suits. The returned function gives up. */
  await(wanted: Wanted, take: (match: Match) => void): () => void {
    const waiting: Waiting = { wanted, take }
    this.waiting.add(waiting)
    return () => void this.waiting.delete(waiting)
  }

  /** Keeps a process, or hands it to a run that waits for one; false if there is no place for it, so that it is to be ended. */
  park(key: string, session: Session): boolean {
    if (this.closed || this.options.limit === 0 || !this.options.isFit(session)) return false
    session.rest()
    for (const waiting of this.waiting) {
      if (waiting.wanted.key !== key) continue
      const keep = this.keepFor(session, waiting.wanted)
      if (keep === null) continue
      this.waiting.delete(waiting)
      waiting.take({ session, keep })
      return true
    }
    if (this.entries.size >= this.options.limit) this.dropOldest()?.catch(() => undefined)
    const entry: Entry = { key, session, timer: setTimeout(() => this.drop(entry), this.options.idleMs) }
    entry.timer.unref()
    this.entries.add(entry)
    const remove = () => this.remove(entry)
    session.gone.then(remove, remove)
    return true
  }

  /** Ends the one that was used longest ago; null where there is none. Resolves when it has gone. */
  dropOldest(): Promise<void> | null {
    const [oldest] = this.entries
    if (oldest === undefined) return null
    this.drop(oldest)
    return this.leaving.settled()
  }

  /** Ends those that a function says yes to. */
  dropThose(unwanted: (session: Session) => boolean): void {
    for (const entry of this.entries) if (unwanted(entry.session)) this.drop(entry)
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
    this.dropThose(() => true)
    await this.leaving.settled()
  }

  private keepFor(session: Session, { request, chain }: Wanted): number | null {
    const keep = session.keepFor(request, chain)
    if (keep === null || keep === session.held.count || this.options.takesBack()) return keep
    return null
  }

  private remove(entry: Entry): void {
    clearTimeout(entry.timer)
    this.entries.delete(entry)
  }

  private drop(entry: Entry): void {
    this.remove(entry)
    this.letGo(entry.session)
  }
}
