/**
 * Threads for work whose time depends on what users and models write. The limit is hard: a thread that takes too long is
 * ended in the middle of its work and the next piece of work gets a new one, so neither a pattern nor a schema can hold up the server.
 */
import { Worker } from 'node:worker_threads'
import { BridgeError } from '../errors/catalogue.js'
import { Limiter } from '../limiter.js'

export interface ThreadLimits {
  /** milliseconds for one check, the start of the thread not counted */
  checkMs: number
  /** threads at work at once; further checks wait */
  threads: number
  /** milliseconds that a thread without work is kept */
  idleMs: number
  /** memory of one thread's heap */
  memoryMb: number
}

/** Kinds of work by name: what is given to a thread and what comes of it. */
export type Kinds = Record<string, { given: object; result: unknown }>

/** What a thread is sent: the kind of the work with what is given for it. */
export type Work<W extends Kinds> = { [K in keyof W]: { kind: K } & W[K]['given'] }[keyof W]

/** What a thread says: first that it is loaded, then one reply to each piece of work. */
export type Reply = 'ready' | { result: unknown } | { crashed: string }

/** Of one owner: each holds a request in memory. */
const maxWaiting = 500

const defaults: ThreadLimits = { checkMs: 5000, threads: 2, idleMs: 300_000, memoryMb: 256 }

/** Whose work it is, and when it is not wanted any more. */
export interface WorkFor {
  owner: string
  signal?: AbortSignal
}

/** A piece of work was ended in the middle: it took too long, or too much memory. */
export class Stopped extends Error {
  override readonly name = 'Stopped'

  constructor(readonly why: string) {
    super(`it ${why}`)
  }
}

/** `W`: the kinds of work that `module`, the program of each thread, does. */
export class Threads<W extends Kinds> {
  private readonly limits: ThreadLimits
  private readonly idle = new Map<Worker, NodeJS.Timeout>()
  private readonly alive = new Set<Worker>()
  /** no owner has all threads: another owner's work waits for one piece of work at most */
  private readonly places: Limiter
  private closed = false

  constructor(
    private readonly module: URL,
    limits: Partial<ThreadLimits> = {},
  ) {
    this.limits = { ...defaults, ...limits }
    const { threads } = this.limits
    this.places = new Limiter({ bound: threads, perOwner: Math.max(1, threads - 1) })
  }

  /** @throws Error if the work crashed; {@link Stopped} if it ran out of time or memory; `signal`'s reason if that was aborted */
  async run<K extends keyof W>(kind: K, given: W[K]['given'], { owner, signal }: WorkFor): Promise<W[K]['result']> {
    const waiting = this.places.waitingOf(owner)
    if (waiting >= maxWaiting) throw new BridgeError('queue_full', `${waiting} checks of yours wait already.`, { retryAfter: 5 })
    const place = await this.places.take(owner, signal)
    try {
      signal?.throwIfAborted()
      if (this.closed) throw new BridgeError('server_shutdown', 'the server is closing')
      const thread = this.take() ?? (await this.start())
      // it may have been aborted while the thread was loading
      if (signal?.aborted) {
        this.keep(thread)
        throw signal.reason
      }
      return await this.work(thread, { kind, ...given }, signal)
    } finally {
      place.leave()
    }
  }

  /** Starts a thread where none is there, for work that will come soon. */
  prepare(): void {
    if (this.closed || this.alive.size > 0) return
    this.start().then(
      (thread) => this.keep(thread),
      // the work that needs one tries again, and is told
      () => {},
    )
  }

  /** Ends all threads; checks at work are rejected. */
  async close(): Promise<void> {
    this.closed = true
    for (const timer of this.idle.values()) clearTimeout(timer)
    this.idle.clear()
    await Promise.all([...this.alive].map((thread) => thread.terminate()))
  }

  private take(): Worker | undefined {
    for (const [thread, timer] of this.idle) {
      clearTimeout(timer)
      this.idle.delete(thread)
      thread.ref()
      return thread
    }
    return undefined
  }

  private keep(thread: Worker): void {
    if (this.closed) return end(thread)
    thread.unref()
    const timer = setTimeout(() => {
      this.idle.delete(thread)
      end(thread)
    }, this.limits.idleMs).unref()
    this.idle.set(thread, timer)
  }

  /** A thread that has loaded. It gets nothing of the server's environment. */
  private async start(): Promise<Worker> {
    const thread = new Worker(this.module, {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: this.limits.memoryMb, stackSizeMb: 4 },
    })
    this.alive.add(thread)
    thread.once('exit', () => {
      this.alive.delete(thread)
      clearTimeout(this.idle.get(thread))
      this.idle.delete(thread)
    })
    // without a listener an error of an idle thread would end the server
    thread.on('error', () => {})
    await reply(thread, (message) => message === 'ready' || undefined)
    return thread
  }

  private async work(thread: Worker, work: Work<W>, signal?: AbortSignal): Promise<W[keyof W]['result']> {
    let stopped: Error | undefined
    const stop = (why: Error) => {
      stopped ??= why
      end(thread)
    }
    const late = new Stopped(`took longer than ${this.limits.checkMs / 1000} s and was stopped`)
    const timer = setTimeout(stop, this.limits.checkMs, late)
    const abort = () => stop(signal?.reason as Error)
    signal?.addEventListener('abort', abort)
    try {
      const answered = reply(thread, (message) => (message === 'ready' ? undefined : message))
      thread.postMessage(work)
      const message = await answered
      // ended in the same moment
      if (stopped !== undefined) throw stopped
      this.keep(thread)
      if ('result' in message) return message.result
      throw new Error(message.crashed)
    } catch (error) {
      throw stopped ?? error
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }
}

/** Its `exit` event says when it has gone. */
function end(thread: Worker): void {
  // it rejects for a thread that has gone already
  thread.terminate().catch(() => undefined)
}

/** The first message that `pick` takes. @throws Error if the thread ends before */
function reply<T>(thread: Worker, pick: (message: Reply) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      thread.off('message', onMessage)
      thread.off('error', onError)
      thread.off('exit', onExit)
    }
    const onMessage = (message: Reply) => {
      const picked = pick(message)
      if (picked === undefined) return
      settle()
      resolve(picked)
    }
    const onError = (error: Error & { code?: string }) => {
      settle()
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new Stopped('needed too much memory and was stopped') : error)
    }
    const onExit = () => {
      settle()
      reject(new Error('its thread ended'))
    }
    thread.on('message', onMessage)
    thread.on('error', onError)
    thread.on('exit', onExit)
  })
}
