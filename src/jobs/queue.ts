/**
 * Who runs next: a bounded number of slots, given in turn to the owners that wait, each owner's runs in their order. One
 * caller with a thousand jobs delays another's single one by at most one run. A slot is held until `release`.
 */
export interface Ticket {
  jobId: string
  owner: string
  /** index of the job's choice */
  choice: number
}

export class FairQueue {
  /** by owner, in the order of whose turn it is */
  private readonly lines = new Map<string, Ticket[]>()
  private taken = 0
  private stopped = false

  constructor(
    readonly slots: number,
    /** Called for each ticket as it gets a slot. */
    private readonly grant: (ticket: Ticket) => void,
  ) {}

  get running(): number {
    return this.taken
  }

  get free(): number {
    return Math.max(0, this.slots - this.taken)
  }

  push(ticket: Ticket): void {
    const line = this.lines.get(ticket.owner)
    if (line === undefined) this.lines.set(ticket.owner, [ticket])
    else line.push(ticket)
    this.next()
  }

  /** Takes a job's waiting tickets out; says how many there were. */
  remove(jobId: string, owner: string): number {
    const line = this.lines.get(owner)
    if (line === undefined) return 0
    const left = line.filter((ticket) => ticket.jobId !== jobId)
    if (left.length === 0) this.lines.delete(owner)
    else this.lines.set(owner, left)
    return line.length - left.length
  }

  /** Gives a slot back. */
  release(): void {
    this.taken -= 1
    this.next()
  }

  /** No more grants: what waits stays where it is. */
  stop(): void {
    this.stopped = true
  }

  private next(): void {
    while (!this.stopped && this.taken < this.slots) {
      const turn = this.lines.entries().next()
      if (turn.done) return
      const [owner, line] = turn.value
      const ticket = line.shift()!
      // to the end of the turn order, or out of it
      this.lines.delete(owner)
      if (line.length > 0) this.lines.set(owner, line)
      this.taken += 1
      this.grant(ticket)
    }
  }
}
