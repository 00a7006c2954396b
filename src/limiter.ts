/**
 * So many at once, and a line of waiting work for each owner. The owners take turns, each owner's work goes in its order: one owner
 * with a thousand pieces of work delays another's single one by at most one of them.
 */
export interface Place {
  /** Gives the place to the next one that waits. Safe to call again. */
  leave(): void
}

export interface LimiterOptions {
  /** work inside at once; whole, at least 1 */
  bound: number
  /** of them those of one owner; left out: all */
  perOwner?: number
  /** turns of an owner in a row, where others wait as well; left out: one */
  turnsOf?: (owner: string) => number
}

/** Why a piece of work waits. */
interface Entry {
  granted(place: Place): void
}

/** An owner's waiting work: what comes back from a rest stands before what has not begun. */
interface Line {
  returning: Set<Entry>
  waiting: Set<Entry>
  /** turns that it has had in a row */
  turns: number
}

export class Limiter {
  readonly bound: number
  private readonly perOwner: number
  /** by owner, in the order of whose turn it is */
  private readonly lines = new Map<string, Line>()
  private readonly inside = new Map<string, number>()
  private taken = 0
  private inLine = 0
  private stopped = false

  private readonly turnsOf: (owner: string) => number

  constructor({ bound, perOwner = bound, turnsOf = () => 1 }: LimiterOptions) {
    this.turnsOf = turnsOf
    this.bound = bound
    this.perOwner = Math.min(bound, perOwner)
  }

  /** places in use */
  get running(): number {
    return this.taken
  }

  get free(): number {
    return Math.max(0, this.bound - this.taken)
  }

  /** pieces of work in the lines */
  get waiting(): number {
    return this.inLine
  }

  /** those of one owner */
  waitingOf(owner: string): number {
    const line = this.lines.get(owner)
    return line === undefined ? 0 : line.returning.size + line.waiting.size
  }

  /**
   * Stands in line; `granted` is called once, in this same step where a place is free. `first`: before the owner's other work. The
   * function that it returns leaves the line, and does nothing once a place is granted.
   */
  enter(owner: string, granted: (place: Place) => void, { first = false } = {}): () => void {
    const line = this.lines.get(owner) ?? { returning: new Set(), waiting: new Set(), turns: 0 }
    this.lines.set(owner, line)
    const entry: Entry = { granted }
    const queue = first ? line.returning : line.waiting
    queue.add(entry)
    this.inLine += 1
    this.next()
    return () => {
      if (!queue.delete(entry)) return
      this.inLine -= 1
      if (line.returning.size + line.waiting.size === 0 && this.lines.get(owner) === line) this.lines.delete(owner)
    }
  }

  /** Resolves with a place. Rejects with the signal's reason where that is aborted before. */
  take(owner: string, signal?: AbortSignal, { first = false } = {}): Promise<Place> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const given = () => {
        quit()
        reject(signal!.reason as Error)
      }
      const quit = this.enter(
        owner,
        (place) => {
          signal?.removeEventListener('abort', given)
          resolve(place)
        },
        { first },
      )
      signal?.addEventListener('abort', given, { once: true })
    })
  }

  /** No more places are given: what waits stays where it is. */
  stop(): void {
    this.stopped = true
  }

  private next(): void {
    while (!this.stopped && this.taken < this.bound) {
      const turn = this.turn()
      if (turn === null) return
      const [owner, line] = turn
      const queue = line.returning.size > 0 ? line.returning : line.waiting
      const [entry] = queue as Set<Entry> & [Entry]
      queue.delete(entry)
      this.inLine -= 1
      line.turns += 1
      const isEmpty = line.returning.size + line.waiting.size === 0
      const isOver = line.turns >= this.turnsOf(owner)
      // to the end of the turn order, or out of it
      if (isEmpty || isOver) this.lines.delete(owner)
      if (isOver) line.turns = 0
      if (isOver && !isEmpty) this.lines.set(owner, line)
      this.taken += 1
      this.inside.set(owner, (this.inside.get(owner) ?? 0) + 1)
      entry.granted(this.placeOf(owner))
    }
  }

  /** The owner whose turn it is, of those that may have another place. */
  private turn(): [string, Line] | null {
    for (const each of this.lines) if ((this.inside.get(each[0]) ?? 0) < this.perOwner) return each
    return null
  }

  private placeOf(owner: string): Place {
    let left = false
    return {
      leave: () => {
        if (left) return
        left = true
        this.taken -= 1
        const rest = this.inside.get(owner)! - 1
        if (rest === 0) this.inside.delete(owner)
        else this.inside.set(owner, rest)
        this.next()
      },
    }
  }
}
