/**
 * The log of one unfinished job, in memory: its newest events, and how far they are stored and shown. Older events are in
 * the store alone, so a long answer costs no memory and a late reader pages through the store up to here.
 *
 * Three marks, each at most the one before: `lastSeq` (written here), `shownSeq` (a stream may have it), `storedSeq` (it
 * survives a crash). Everything is shown at once but three kinds of events, which wait until they are stored: the first piece of
 * content, so that after a crash the store knows whether anything of the answer can have been delivered; the end, so that no client is
 * told of one that a crash could take back; and what changes the record otherwise (`gated`).
 */
import { type JobEvent, type LoggedEvent, bytesOf, isContent } from './events.js'

/** Stored events that are kept here all the same, for readers a little behind. */
const tailKept = 256

export class JobLog {
  private tail: LoggedEvent[]
  /** number of the event before `tail[0]` */
  private before: number
  private wake: (() => void) | null = null
  private changed: Promise<void> | null = null
  lastSeq: number
  shownSeq: number
  storedSeq: number
  private hasContent = false
  /** bytes that the events since the server holds the job have carried, see {@link bytesOf} */
  said = 0
  /** number of the newest event that has to be stored before it is shown; nothing from there on is shown before */
  private gateSeq: number | null = null
  /** the store will not take the end: the readers of this server are told all the same */
  private unstorable = false
  /** nothing more will come */
  closed = false

  /** @param newest those of the stored events that a reader is spared to look for in the store */
  constructor(lastSeq: number, newest: readonly LoggedEvent[] = []) {
    this.lastSeq = this.shownSeq = this.storedSeq = lastSeq
    this.tail = [...newest]
    this.before = lastSeq - newest.length
  }

  /** Adds an event. `gated`: it must be stored before it may be shown, as the first content and the end always. True if that is so. */
  append(event: JobEvent, at: number, gated = false): boolean {
    const logged = { seq: ++this.lastSeq, at, event }
    this.tail.push(logged)
    this.said += bytesOf(event)
    const first = !this.hasContent && isContent(event)
    this.hasContent ||= first
    if (gated || first || event.type === 'end') {
      this.gateSeq = logged.seq
      return true
    }
    if (this.gateOpen) this.show()
    return false
  }

  /** Events that are not stored yet. */
  unstored(): LoggedEvent[] {
    return this.tail.slice(this.storedSeq - this.before)
  }

  /** Takes back an event that the store did not take, and that no reader has seen. Those behind it move up. */
  takeBack(seq: number): void {
    const at = seq - this.before - 1
    this.tail = [...this.tail.slice(0, at), ...this.tail.slice(at + 1).map((logged) => ({ ...logged, seq: logged.seq - 1 }))]
    this.lastSeq -= 1
    if (this.gateSeq !== null && this.gateSeq >= seq) this.gateSeq = this.gateSeq === seq ? null : this.gateSeq - 1
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

  /** Wakes those that wait for a change. */
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
