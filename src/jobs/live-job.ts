/** A job that has not ended, as this server holds it. Small while it waits: thousands may. */
import type { Limiter } from '../limiter.js'
import type { JobRequest } from '../request/job-request.js'
import type { Failure } from '../errors/catalogue.js'
import { type Answer, addToAnswer, emptyAnswer } from './answer.js'
import { Deferred } from './deferred.js'
import type { JobEvent, LoggedEvent } from './events.js'
import { changesRecord, fold } from './fold.js'
import type { Job } from './job.js'
import { JobLog } from './log.js'
import { type Progress, untoldProgress } from './progress.js'
import { nextInOrder } from './sequence.js'
import { JobSpending, type PriceOf } from './spending.js'
import { JobTrace } from './job-trace.js'
import type { Append } from './store.js'
import type { Tracing } from './trace.js'

export class LiveJob {
  /** the record as it is shown: as the store has it, but for the start of a run, which is shown at once */
  job: Job
  /** the record as the store has it */
  private stored: Job
  readonly log: JobLog
  readonly progress: Progress
  answer: Answer
  /** aborts every run of the job; there from its start on */
  controller: AbortController | null = null
  /** why the runs are being aborted; the first cause stays */
  cause: Failure | 'cancelled' | 'shutdown' | null = null
  /** set by the first to end the job; all others wait for it */
  ending: Promise<void> | null = null
  /** its end is decided and not stored yet, though nothing of it is left */
  unstoredEnd = false
  started: Promise<JobRequest | null> | null = null
  /** the request, where the job begins at once; one that waits has it in the store alone */
  request: JobRequest | undefined = undefined
  runsLeft: number
  /** runs at work: only they can be silent */
  active = 0
  /** runs of other jobs at work in this one's place, one at a time; there from the first on */
  nested: Limiter | null = null
  /** leave the lines where its runs wait */
  quit: (() => void)[] = []
  /** the server before was killed while it ran */
  suspect = false
  /** when the store was asked to note that it waits no more, see `nextInOrder`; null before */
  startSentAt: number | null = null
  /** the number of this server's claim, on a store that several share */
  fence: number | undefined = undefined
  /** another server has taken it over, or it was forgotten: what is said here goes nowhere */
  lost = false
  /** this server ends and gives the job to another one; resolves with whether it waits in the line again */
  handedOver: Promise<boolean> | null = null
  /** connections that take the result */
  attached = 0
  /** resolves when nothing of the job's runs is left */
  gone: Promise<unknown>[] = []
  stopTimers: () => void = () => {}
  /** a decision of a human is being stored */
  deciding = false
  /** from the request to the first piece of the answer, in milliseconds; null before it */
  firstTokenMs: number | null = null
  private readonly clockBase: number
  private spent: JobSpending | null = null
  readonly trace: JobTrace
  private lateEnd: Deferred | null = null
  private over: { promise: Promise<void>; resolve(): void } | null = null

  /** @param newest see {@link JobLog} */
  constructor(
    job: Job,
    newest: readonly LoggedEvent[] = [],
    private readonly priceOf: PriceOf = () => 0,
    tracing?: Tracing,
  ) {
    this.job = this.stored = job
    this.clockBase = Math.max(Date.now(), job.createdAt, job.startedAt ?? 0) - performance.now()
    // what was stored before this server had it, has waited for it
    this.trace = new JobTrace(job, tracing, newest.length > 0 ? job.createdAt : this.now())
    this.log = new JobLog(job.lastSeq, newest)
    this.runsLeft = job.choices
    // there before the end only where a human has looked at it: what its attempts have spent
    this.answer = structuredClone(job.answer) ?? emptyAnswer()
    this.progress = untoldProgress(job.createdAt)
  }

  /** One that an earlier server has left waiting for a human: it has started once. */
  static paused(job: Job, priceOf?: PriceOf, tracing?: Tracing): LiveJob {
    const live = new LiveJob(job, [], priceOf, tracing)
    live.started = Promise.resolve(null)
    return live
  }

  /** It waits for a human; nothing of it runs. */
  get paused(): boolean {
    return this.job.status === 'requires_action'
  }

  /** What its runs have taken; of a job that only waits there is none. */
  get spending(): JobSpending {
    return (this.spent ??= new JobSpending(this.job.model, this.priceOf))
  }

  /** It has cost what its request allows. */
  get costReached(): boolean {
    const { maxCostUsd } = this.job.view
    return maxCostUsd !== undefined && this.spending.nanoUsd >= maxCostUsd * 1e9
  }

  /** Resolves when the job has ended, or waits for a human. */
  whenOver(): Promise<void> {
    if (this.log.closed || this.paused) return Promise.resolve()
    if (this.over === null) {
      let resolve!: () => void
      const promise = new Promise<void>((settle) => (resolve = settle))
      this.over = { promise, resolve }
    }
    return this.over.promise
  }

  /** Those who wait for the end are let go; readers stay. */
  pause(): void {
    this.over?.resolve()
    this.over = null
  }

  /** Resolves when the store has taken an end that it had refused; at once where there is none such. */
  endStored(): Promise<void> {
    if (!this.unstoredEnd) return Promise.resolve()
    this.lateEnd ??= new Deferred()
    return this.lateEnd.promise
  }

  /** See {@link endStored}. */
  endIsStored(): void {
    this.unstoredEnd = false
    this.lateEnd?.resolve()
  }

  /** Readers and waiters are let go; see {@link JobLog.close}. */
  close(unstorable = false): void {
    this.log.close(unstorable)
    this.over?.resolve()
    this.trace.ended(this.folded())
  }

  /** The bridge's own share of the job's time until now, in milliseconds: all of it but the waits for others. */
  get overheadMs(): number {
    const before = this.job.view.spentMs ?? 0
    return Math.round(before + Math.max(0, this.clockBase + performance.now() - this.job.createdAt - this.trace.waits.ms))
  }

  /** Milliseconds since the epoch. Never goes back while the job lives: a clock that is set changes no length of time. */
  now(): number {
    return Math.round(this.clockBase + performance.now())
  }

  /** Adds an event to log, answer and progress. `gated` and the result: see {@link JobLog.append}. */
  append(event: JobEvent, gated = false): boolean {
    addToAnswer(this.answer, event)
    const now = this.now()
    followProgress(this.progress, event, now)
    return this.log.append(event, now, gated)
  }

  /** Shows the record with what is not stored yet; its events are counted when they are. */
  showUnstored(): void {
    this.job = { ...this.folded(), lastSeq: this.job.lastSeq }
  }

  /** From now on it goes on without the client that asked for it: stored beside the log. */
  kept(): void {
    this.job = { ...this.job, background: true }
    this.stored = { ...this.stored, background: true }
  }

  /** What is to be stored next. */
  toWrite(): Append {
    const events = this.log.unstored()
    const changes = events.some(({ event }) => changesRecord(this.stored, event))
    const record = changes ? this.folded(events) : null
    if (record !== null && record.status !== 'queued') this.startSentAt ??= nextInOrder()
    const { fence } = this
    return {
      id: this.job.id,
      after: this.log.storedSeq,
      events,
      record,
      usage: this.spent?.rows() ?? [],
      ...(fence !== undefined && { fence, progress: this.progress }),
    }
  }

  /** The store has taken it. */
  written({ after, events, record, usage = [] }: Append): void {
    this.spent?.stored(usage)
    const lastSeq = after + events.length
    const { background } = this.stored
    this.stored = record === null ? { ...this.stored, lastSeq } : { ...record, background: record.background || background }
    if (record !== null) this.job = this.stored
    this.log.stored(lastSeq)
  }

  /** The record with what is not stored yet. */
  folded(events = this.log.unstored()): Job {
    return fold(this.stored, events, this.answer)
  }
}

function followProgress(progress: Progress, event: JobEvent, now: number): void {
  progress.lastSignOfLife = now
  switch (event.type) {
    case 'status':
      if (event.phase !== undefined) progress.phase = event.phase
      break
    case 'text':
      progress.phase = 'answering'
      progress.characters += event.text.length
      break
    case 'reasoning':
    case 'commentary':
      progress.phase = 'thinking'
      break
    case 'tool_call':
      progress.phase = 'answering'
      break
    case 'tool_activity':
      progress.phase = event.state === 'started' ? 'using_tool' : 'waiting'
      progress.tool = event.state === 'started' ? event.tool : null
      break
    case 'usage':
      progress.outputTokens = Math.max(progress.outputTokens ?? 0, event.usage.outputTokens)
      break
    case 'attempt':
      progress.characters = 0
      break
    case 'files':
    case 'finish':
    case 'review':
    case 'end':
      break
  }
}
