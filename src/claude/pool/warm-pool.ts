/**
 * Processes started before they are asked for, by launch profile. Each is handed to one run and never comes back; a
 * replacement is started behind it, one at a time and not while runs are starting, for a start costs a third of a second of CPU.
 */
import { Leaving } from '../process/leaving.js'
import type { LaunchProfile } from '../process/launch-flags.js'
import type { Session } from '../session.js'
import { within } from '../../within.js'

export interface WarmPoolOptions {
  /** ready processes kept for each profile in use; 0 turns the pool off */
  perProfile: number
  /** ready processes in all */
  total: number
  /** how long a profile is kept ready without being asked for, and how old a ready process may become, in milliseconds */
  idleMs: number
  launch(profile: LaunchProfile): Promise<Session>
  /** Resolves when a started process can be handed out. */
  ready(session: Session, profile: LaunchProfile): Promise<void>
  /** Whether a start now would not be in the way of running work. */
  quiet(): boolean
  /** Whether there may be one process more. */
  hasRoom(): boolean
  /** how long a process may take to be ready, in milliseconds; then it is ended, and the start has failed */
  startLimitMs: number
  /** told of each start that failed */
  onFailure(cause: string): void
}

interface Shelf {
  profile: LaunchProfile
  lastAsked: number
  ready: { session: Session; since: number }[]
}

export interface PoolStats {
  ready: number
  starting: number
  /** starts in a row that failed, and when the next is tried (Unix seconds) */
  failures: number
  next_try: number | null
  /** the last start that failed since the server's start */
  last_failure: { at: number; cause: string } | null
}

/** A process that ends this soon after its start was not a process to count on. */
const earlyDeathMs = 5000
const firstBackoffMs = 1000
const longestBackoffMs = 60_000
/** How often a start that would be in the way is thought of again, and after how long it is made all the same. */
const yieldMs = 50
const longestYieldMs = 2000

/** Its own times are of `performance.now()`. */
export class WarmPool {
  private readonly shelves = new Map<string, Shelf>()
  private readonly leaving = new Leaving()
  private starting = 0
  /** the process of that start, once there is one */
  private startingSession: Session | null = null
  private lastFailure: PoolStats['last_failure'] = null
  private failures = 0
  private retryAt = 0
  private timer: NodeJS.Timeout | null = null
  private wantedSince = 0
  private closed = false
  private readonly sweeper: NodeJS.Timeout

  constructor(private readonly options: WarmPoolOptions) {
    this.sweeper = setInterval(() => this.sweep(), Math.min(options.idleMs, 30_000))
    this.sweeper.unref()
  }

  /** A ready process of the profile, or null; either way the profile counts as in use, and is made ready again. */
  take(profile: LaunchProfile): Session | null {
    if (this.options.perProfile === 0 || this.closed) return null
    const shelf = this.shelfOf(profile)
    const found = shelf.ready.shift()?.session ?? null
    if (found !== null) this.failures = 0
    this.replenishSoon()
    return found
  }

  /** Makes a profile ready that no job has asked for yet. */
  prepare(profile: LaunchProfile): void {
    if (this.options.perProfile === 0 || this.closed) return
    this.shelfOf(profile)
    this.replenishSoon()
  }

  get stats(): PoolStats {
    const untilRetry = this.retryAt - performance.now()
    return {
      ready: this.ready,
      starting: this.starting,
      failures: this.failures,
      next_try: untilRetry > 0 ? Math.ceil((Date.now() + untilRetry) / 1000) : null,
      last_failure: this.lastFailure,
    }
  }

  /** Ends the one of the profile that was asked for longest ago; null where none is ready. Resolves when it has gone. */
  dropOne(): Promise<void> | null {
    const byUse = [...this.shelves.values()].sort((a, b) => a.lastAsked - b.lastAsked)
    const session = byUse.find(({ ready }) => ready.length > 0)?.ready.shift()?.session
    if (session === undefined) return null
    this.leaving.letGo(session)
    return this.leaving.settled()
  }

  /** Ends every ready process. Resolves when they have gone. */
  async close(): Promise<void> {
    this.closed = true
    clearInterval(this.sweeper)
    if (this.timer !== null) clearTimeout(this.timer)
    const sessions = [...this.shelves.values()].flatMap((shelf) => shelf.ready.map(({ session }) => session))
    this.shelves.clear()
    for (const session of sessions) this.leaving.letGo(session)
    // what is not ready has nothing to tidy up
    this.startingSession?.child.kill()
    await this.leaving.settled()
    while (this.starting > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  private get ready(): number {
    let count = 0
    for (const shelf of this.shelves.values()) count += shelf.ready.length
    return count
  }

  private shelfOf(profile: LaunchProfile): Shelf {
    let shelf = this.shelves.get(profile.key)
    if (shelf === undefined) this.shelves.set(profile.key, (shelf = { profile, lastAsked: 0, ready: [] }))
    shelf.lastAsked = performance.now()
    return shelf
  }

  private replenishSoon(afterMs = 0): void {
    if (this.closed || this.timer !== null || this.starting > 0) return
    this.wantedSince ||= performance.now()
    this.timer = setTimeout(() => {
      this.timer = null
      this.replenish()
    }, afterMs)
    this.timer.unref()
  }

  private replenish(): void {
    const shelf = this.neediest()
    if (shelf === null || this.closed) {
      this.wantedSince = 0
      return
    }
    const now = performance.now()
    if (now < this.retryAt) return this.replenishSoon(this.retryAt - now)
    if (!this.options.quiet() && now - this.wantedSince < longestYieldMs) return this.replenishSoon(yieldMs)
    this.wantedSince = 0
    this.starting += 1
    this.start(shelf)
      .catch((error: unknown) => {
        if (!this.closed) this.failed(error instanceof Error ? error.message : String(error))
      })
      .finally(() => {
        this.starting -= 1
        this.replenishSoon()
      })
  }

  /** The profile asked for last among those that lack a process; what no job asks for makes room for it. */
  private neediest(): Shelf | null {
    const byUse = [...this.shelves.values()].sort((a, b) => b.lastAsked - a.lastAsked)
    const needy = byUse.find((shelf) => shelf.ready.length < this.options.perProfile)
    if (needy === undefined || !this.options.hasRoom()) return null
    if (this.ready < this.options.total) return needy
    const idlest = byUse.findLast((shelf) => shelf.ready.length > 0)
    if (idlest === undefined || idlest === needy || idlest.lastAsked >= needy.lastAsked) return null
    this.leaving.letGo(idlest.ready.shift()!.session)
    return needy
  }

  private async start(shelf: Shelf): Promise<void> {
    // what made room for it is still there until it has gone
    await this.leaving.settled()
    if (!this.options.hasRoom()) return
    const session = await this.options.launch(shelf.profile)
    // a process counts when it answers, not when it exists
    try {
      this.startingSession = session
      if (this.closed) session.child.kill()
      const ready = Promise.race([this.options.ready(session, shelf.profile), session.gone.then(endedTooSoon)])
      await within(ready, this.options.startLimitMs, `the process was not ready within ${this.options.startLimitMs / 1000} s`)
    } catch (error) {
      session.child.kill()
      await session.end()
      throw error
    } finally {
      this.startingSession = null
    }
    const since = performance.now()
    // meanwhile the pool was closed, or the profile is not wanted any more
    if (this.closed || this.shelves.get(shelf.profile.key) !== shelf) return session.end()
    shelf.ready.push({ session, since })
    // or was handed out, whichever is sooner
    const proven = setTimeout(() => (this.failures = 0), earlyDeathMs)
    proven.unref()
    const left = () => {
      clearTimeout(proven)
      const at = shelf.ready.findIndex((entry) => entry.session === session)
      if (at === -1) return
      // it ended while it waited for a job; no job gets it
      shelf.ready.splice(at, 1)
      if (performance.now() - since < earlyDeathMs) this.failed('the process ended soon after its start')
      this.replenishSoon()
    }
    session.gone.then(left, left)
  }

  private failed(cause: string): void {
    this.failures += 1
    this.lastFailure = { at: Math.floor(Date.now() / 1000), cause }
    this.options.onFailure(cause)
    this.retryAt = performance.now() + Math.min(longestBackoffMs, firstBackoffMs * 2 ** (this.failures - 1))
  }

  /** Lets go what no job asks for and what has become old. */
  private sweep(): void {
    const now = performance.now()
    for (const [key, shelf] of this.shelves) {
      const unused = now - shelf.lastAsked > this.options.idleMs
      const old = shelf.ready.filter(({ since }) => unused || now - since > this.options.idleMs)
      shelf.ready = shelf.ready.filter((entry) => !old.includes(entry))
      for (const { session } of old) this.leaving.letGo(session)
      if (unused) this.shelves.delete(key)
    }
    this.replenishSoon()
  }
}

function endedTooSoon(): never {
  throw new Error('the process ended before it was ready')
}
