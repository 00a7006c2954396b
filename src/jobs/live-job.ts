/** A job that has not ended, as this server holds it. Small while it waits: thousands may. */
import type { JobRequest } from '../request/job-request.js'
import type { Failure } from '../errors/catalogue.js'
import { type Answer, addToAnswer, emptyAnswer } from './answer.js'
import type { JobEvent } from './events.js'
import type { Job } from './job.js'
import { JobLog } from './log.js'
import type { Progress } from './progress.js'
import type { JobChange } from './store.js'

export class LiveJob {
  readonly log: JobLog
  readonly progress: Progress
  answer: Answer
  /** aborts every run of the job; there from its start on */
  controller: AbortController | null = null
  /** why the runs are being aborted; the first cause stays */
  cause: Failure | 'cancelled' | 'shutdown' | null = null
  /** set by whoever ends the job; everyone else waits for it */
  ending: Promise<void> | null = null
  /** how the record ends; there as soon as it is decided */
  end: JobChange | null = null
  started: Promise<JobRequest | null> | null = null
  /** the request, where the job begins at once; one that waits has it in the store alone */
  request: JobRequest | undefined = undefined
  runsLeft: number
  /** runs at work: only they can be silent */
  active = 0
  /** the server before was killed while it ran */
  suspect = false
  /** connections that take the result */
  attached = 0
  /** resolves when nothing of the job's runs is left */
  gone: Promise<unknown>[] = []
  stopTimers: () => void = () => {}
  private over: { promise: Promise<void>; resolve(): void } | null = null

  constructor(readonly job: Job) {
    this.log = new JobLog(job.lastSeq)
    this.runsLeft = job.choices
    // there before the end only where a human has looked at it: what its attempts have spent
    this.answer = job.answer ?? emptyAnswer()
    this.progress = {
      phase: 'queued',
      lastSignOfLife: job.createdAt,
      characters: 0,
      outputTokens: null,
      tool: null,
    }
  }

  /** One that an earlier server has left waiting for a human: it has started once. */
  static paused(job: Job): LiveJob {
    const live = new LiveJob(job)
    live.started = Promise.resolve(null)
    return live
  }

  /** It waits for a human; nothing of it runs. */
  get paused(): boolean {
    return this.job.status === 'requires_action'
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

  /** Readers and waiters are let go; see {@link JobLog.close}. */
  close(unstorable = false): void {
    this.log.close(unstorable)
    this.over?.resolve()
  }

  /** Adds an event to log, answer and progress. True if it must be stored before it may be shown. */
  append(event: JobEvent, now: number): boolean {
    addToAnswer(this.answer, event)
    followProgress(this.progress, event, now)
    return this.log.append(event, now)
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
