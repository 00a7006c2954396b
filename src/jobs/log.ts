/**
 * The log of one unfinished job, in memory: its newest events, and how far they are stored and shown. Older events are in
 * the store alone, so a long answer costs no memory and a late reader pages through the store up to here.
 *
 * Three marks, each at most the one before: `lastSeq` (written here), `shownSeq` (a stream may have it), `storedSeq` (it
 * survives a crash). Everything is shown at once but two events, which wait until they are stored: the first piece of
 * content, so that after a crash the store knows whether anything of the answer can have been delivered, and the end, so
 * that nobody is told of one that a crash could take back.
 */
import { type JobEvent, type LoggedEvent, isContent } from './events.js'

/** Stored events that are kept here all the same, for readers a little behind. */
const tailKept = 256

export class JobLog {
  private tail: LoggedEvent[] = []
  /** number of the event before `tail[0]` */
  private before: number
  private wake: (() => void) | null = null
  private changed: Promise<void> | null = null
  lastSeq: number
  shownSeq: number
  storedSeq: number
  /** highest number given to the store, acknowledged or not */
  handedSeq: number
  /** number of the first piece of content, later of the end; nothing from there on is shown before it is stored */
  private gateSeq: number | null = null
  /** the store will not take the end: whoever is here is told all the same */
  private unstorable = false
  /** nothing more will come */
  closed = false
  /** writes of this job's events follow one another */
  writing: Promise<void> = Promise.resolve()

  constructor(lastSeq: number) {
    this.before = this.lastSeq = this.shownSeq = this.storedSeq = this.handedSeq = lastSeq
  }

  /** Adds an event. True if it must be stored before it may be shown. */
  append(event: JobEvent, at: number): boolean {
    const logged = { seq: ++this.lastSeq, at, event }
    this.tail.push(logged)
    if (event.type === 'end' || (this.gateSeq === null && isContent(event))) {
      this.gateSeq = logged.seq
      return true
    }
    if (this.gateOpen) this.show()
    return false
  }

  /** Events up to `upTo` that no write has taken yet; they count as handed to the store from now on. */
  handOver(upTo = this.lastSeq): LoggedEvent[] {
    const events = this.tail.slice(this.handedSeq - this.before, upTo - this.before)
    this.handedSeq = Math.max(this.handedSeq, upTo)
    return events
  }

  /**
   * Has the events so far stored that no write has taken, after the writes before this one. Rejects as `save` does; the
   * events are then left to the next write.
   */
  write(save: (events: LoggedEvent[]) => Promise<unknown>): Promise<void> {
    const upTo = this.lastSeq
    const written = this.writing.then(async () => {
      try {
        await save(this.handOver(upTo))
      } catch (error) {
        this.takeBack()
        throw error
      }
      this.stored(upTo)
    })
    this.writing = written.catch(() => {})
    return written
  }

  /** A write has failed: what it took is to be taken again. */
  takeBack(): void {
    this.handedSeq = this.storedSeq
  }

  /** Everything up to `seq` is stored; and shown, with all that came meanwhile. */
  stored(seq: number): void {
    this.storedSeq = Math.max(this.storedSeq, seq)
    this.shownSeq = Math.max(this.shownSeq, this.storedSeq)
    const dispensable = Math.min(this.storedSeq - this.before, this.tail.length - tailKept)
    if (dispensable >= tailKept) {
      this.tail = this.tail.slice(dispensable)
      this.before += dispensable
    }
    if (this.gateOpen) this.show()
    else this.poke()
  }

  /**
   * Events above `after` that may be read: the stored ones (`durable`) or all that are shown. null if they begin before
   * what is kept here, so that the store has to be read.
   */
  read(after: number, durable: boolean): LoggedEvent[] | null {
    if (after < this.before) return null
    const upTo = this.unstorable ? this.lastSeq : durable ? this.storedSeq : this.shownSeq
    return this.tail.slice(after - this.before, Math.max(0, upTo - this.before))
  }

  /** Nothing more will come; `unstorable`: nor will the rest be stored, and it is shown without. */
  close(unstorable = false): void {
    this.closed = true
    this.unstorable = unstorable
    this.poke()
  }

  /** Resolves when there may be more to read, or something else to look at. */
  change(): Promise<void> {
    this.changed ??= new Promise((resolve) => (this.wake = resolve))
    return this.changed
  }

  /** Wakes whoever waits for a change. */
  poke(): void {
    this.wake?.()
    this.wake = this.changed = null
  }

  private get gateOpen(): boolean {
    return this.gateSeq === null || this.storedSeq >= this.gateSeq
  }

  private show(): void {
    this.shownSeq = this.lastSeq
    this.poke()
  }
}
