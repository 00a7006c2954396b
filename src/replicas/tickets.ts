/**
 * Who runs which job: BullMQ holds a ticket for each job that waits, and gives it to one server. The record in the store is the truth: a
 * ticket that is lost is made again, and one too many finds nothing to do. Each lane has a queue of its own, and each format of requests:
 * a server takes what it can read.
 *
 * Tickets are taken by hand and not by BullMQ's own loop, which learns only at a job's end that there is room for another: a job that
 * rests gives its place back before.
 */
import type { Job as Ticket, Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { requestFormat } from '../request/stored.js'
import { within } from '../within.js'

export interface LaneRoom {
  name: string
  /** how many more jobs could begin here now */
  room: () => number
}

export interface TicketsOptions {
  redis: Redis
  /** begins the names of all keys */
  prefix: string
  replica: string
  lanes(): readonly LaneRoom[]
  /**
   * Resolves when the job is over here, with whether it is to be put into the line again. `begun` is to be called when it counts in the
   * lane's room. @param turn its place in the line
   */
  take(id: string, turn: number, begun: () => void): Promise<boolean>
  /** Puts a job into the line again. */
  again(id: string): Promise<void>
  onTrouble(message: string, error: unknown): void
}

/** A server that does not renew its locks for so long is dead: its jobs go to others. Milliseconds. */
const lockMs = 15_000
const renewEveryMs = 5000
const stalledEveryMs = 5000
/** How soon a ticket or a free place is seen of which nothing was heard. */
const lookEveryMs = 500
/** For the jobs that are given back at the end. Milliseconds. */
const closeMs = 2000
/** The highest place in the line that BullMQ knows. */
export const lastTurn = 2 ** 21 - 1

/** A lane, with the lines of all formats that this server can read. */
interface Line extends LaneRoom {
  workers: Worker[]
  /** taken, and not yet counted in the room */
  arriving: number
  looking: boolean
  again: boolean
}

export class Tickets {
  private readonly queues = new Map<string, Promise<Queue>>()
  private readonly lines: Line[] = []
  private readonly held = new Map<Ticket, string>()
  private readonly working = new Set<Promise<void>>()
  private readonly timers: NodeJS.Timeout[] = []
  private tokens = 0
  private started = false
  private stopped = false

  constructor(private readonly options: TicketsOptions) {}

  /** Begins the names of tickets' keys. */
  get keyPrefix(): string {
    return `${this.options.prefix}queue:`
  }

  /** Puts a job into the line. Does nothing where it is there already. */
  async add(id: string, lane: string, format: number, turn: number): Promise<void> {
    const queue = await this.queueOf(nameOf(format, lane))
    await queue.add('job', {}, { jobId: id, priority: Math.min(turn, lastTurn), removeOnComplete: true, removeOnFail: true })
  }

  /** Takes a job out of the line, unless a server has its ticket. */
  async remove(id: string, lane: string, format: number): Promise<void> {
    await (await this.queueOf(nameOf(format, lane))).remove(id)
  }

  /** Begins to take tickets. */
  async start(): Promise<void> {
    this.started = true
    await this.openLines()
    this.timers.push(
      setInterval(() => this.look(), lookEveryMs),
      setInterval(() => this.renew(), renewEveryMs),
    )
    this.look()
  }

  /** Tickets of lanes that are new are taken as well. */
  async openLines(): Promise<void> {
    if (!this.started || this.stopped) return
    for (const { name, room } of this.options.lanes()) {
      const known = this.lines.find((line) => line.name === name)
      if (known !== undefined) known.room = room
      else this.lines.push({ name, room, workers: await this.openWorkers(name), arriving: 0, looking: false, again: false })
    }
  }

  private async openWorkers(lane: string): Promise<Worker[]> {
    const { Worker } = await import('bullmq')
    const workers: Worker[] = []
    for (let format = 1; format <= requestFormat; format++) {
      const worker = new Worker(nameOf(format, lane), null, {
        ...{ ...this.common, autorun: false },
        ...{ lockDuration: lockMs, stalledInterval: stalledEveryMs },
        // how often a job may be taken again is counted in its record
        maxStalledCount: 1_000_000,
      })
      worker.on('error', this.lineTrouble)
      await worker.waitUntilReady()
      await worker.startStalledCheckTimer()
      workers.push(worker)
    }
    return workers
  }

  /** There may be a ticket that no server has, or a free place. */
  look(): void {
    for (const line of this.lines) this.track(this.fill(line).catch(this.trouble('jobs of a line could not be taken')))
  }

  /** Takes no more tickets. */
  stop(): void {
    this.stopped = true
  }

  async close(): Promise<void> {
    this.stop()
    for (const timer of this.timers) clearInterval(timer)
    // what goes on elsewhere is put into the line before the connection is closed: else others would find it when its lock has run out
    await within(this.idle(), closeMs, 'a job of the line takes too long').catch(() => undefined)
    await Promise.all(this.lines.flatMap(({ workers }) => workers.map((worker) => worker.close(true))))
    await Promise.all([...this.queues.values()].map(async (queue) => (await queue).close()))
  }

  private track(work: Promise<void>): void {
    const tracked = work.finally(() => this.working.delete(tracked))
    this.working.add(tracked)
  }

  /** What is being taken out of a line becomes work. */
  private async idle(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working)
  }

  private async fill(line: Line): Promise<void> {
    line.again = true
    if (line.looking) return
    line.looking = true
    try {
      while (line.again) {
        line.again = false
        while (!this.stopped && line.room() > line.arriving) if (!(await this.takeOne(line))) break
      }
    } finally {
      line.looking = false
    }
  }

  /** False where there is none. */
  private async takeOne(line: Line): Promise<boolean> {
    for (const worker of line.workers) {
      const token = `${this.options.replica}:${this.tokens++}`
      const ticket = (await worker.getNextJob(token, { block: false })) as Ticket | undefined
      if (ticket === undefined) continue
      this.held.set(ticket, token)
      this.track(this.work(line, ticket, token).catch(this.trouble('a job of the line could not be run')))
      return true
    }
    return false
  }

  private async work(line: Line, ticket: Ticket, token: string): Promise<void> {
    line.arriving += 1
    let counted = false
    const begun = () => {
      if (!counted) line.arriving -= 1
      counted = true
    }
    try {
      const again = await this.options.take(ticket.id!, ticket.priority, begun)
      // another server has taken it over where its lock was lost
      await ticket.moveToCompleted(null, token, false).catch(() => undefined)
      if (again) await this.options.again(ticket.id!)
    } finally {
      begun()
      this.held.delete(ticket)
      this.look()
    }
  }

  private renew(): void {
    for (const [ticket, token] of this.held) ticket.extendLock(token, lockMs).catch(() => undefined)
  }

  /** What Redis is has been looked at (`server-check.ts`), and is told once. */
  private get common(): { connection: Redis; prefix: string; skipVersionCheck: true } {
    return { connection: this.options.redis, prefix: `${this.options.prefix}queue`, skipVersionCheck: true }
  }

  private queueOf(name: string): Promise<Queue> {
    let queue = this.queues.get(name)
    if (queue === undefined) this.queues.set(name, (queue = this.openQueue(name)))
    return queue
  }

  private async openQueue(name: string): Promise<Queue> {
    const { Queue } = await import('bullmq')
    const queue = new Queue(name, this.common)
    queue.on('error', this.lineTrouble)
    return queue
  }

  /** That Redis is away is told once, by who holds the connection. */
  private readonly lineTrouble = (error: Error): void => {
    if (!isAway(error)) this.trouble('a line of jobs has trouble')(error)
  }

  private trouble(message: string): (error: unknown) => void {
    return (error) => {
      if (!this.stopped) this.options.onTrouble(message, error)
    }
  }
}

function isAway(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException
  return (code !== undefined && /^E[A-Z]+$/.test(code)) || error.message.includes('Connection is closed')
}

/** Of the queue of a lane for requests of a format. */
export function nameOf(format: number, lane: string): string {
  return `${format}-${lane}`
}
