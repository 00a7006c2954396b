/** What is told of one job while this server holds it: its span, that of its wait in the line, and how long it has waited for others. */
import { type Attributes, type Span, type Tracing, noSpan, noTracing } from './trace.js'
import type { Job } from './job.js'
import { isFinal } from './status.js'
import { Waits } from './waits.js'

export class JobTrace {
  readonly waits = new Waits()
  private span = noSpan
  private queue = noSpan
  private answering = false
  private resume: () => void = () => {}

  /** `at`: when this server has got the job, milliseconds since the epoch. One of an earlier server has waited since it was asked for. */
  constructor(
    job: Job,
    private readonly tracing: Tracing = noTracing,
    at = job.createdAt,
  ) {
    this.waits.add(at - job.createdAt)
    if (job.status === 'requires_action') {
      this.resume = this.waits.begin()
      return
    }
    this.span = beginJob(job, this.tracing, job.createdAt)
    this.queue = this.span.begin('queue', { at })
  }

  /** The first of its runs has a place. */
  began(): void {
    this.queue.end()
  }

  /** A run of one choice: what its executor begins its own spans below. */
  get ofRun(): Span {
    return this.span
  }

  /** The first piece of its answer has come. */
  firstToken(): void {
    if (this.answering) return
    this.answering = true
    this.span.event('first_token')
  }

  /** It waits for a human, which may take days: what was done until now can be seen. */
  paused(): void {
    this.resume = this.waits.begin()
    this.span.set({ 'claude_bridge.task.status': 'requires_action' })
    this.span.end()
  }

  /** A human has sent it on. */
  resumed(job: Job): void {
    this.resume()
    this.span = beginJob(job, this.tracing)
    this.queue = this.span.begin('queue')
  }

  /** This server has no more to do with it: it has ended, or goes on with another one. */
  ended(job: Job): void {
    this.queue.end()
    if (!this.span.recorded) return
    this.span.set(endOf(job))
    this.span.end(job.error?.code ?? null)
  }
}

/** The span of a job that an earlier server has left, and that has ended without being held here. */
export function tellEnded(job: Job, tracing: Tracing = noTracing): void {
  const span = beginJob(job, tracing, job.createdAt)
  span.set(endOf(job))
  span.end(job.error?.code ?? null)
}

function beginJob(job: Job, tracing: Tracing, at?: number): Span {
  return tracing.begin(job.view.trace ?? null, `job ${job.model}`, {
    at,
    attributes: {
      'claude_bridge.task.id': job.id,
      'claude_bridge.task.background': job.background,
      'claude_bridge.request.id': job.view.requestId,
      'gen_ai.request.model': job.model,
    },
  })
}

function endOf({ status, attempts, answer }: Job): Attributes {
  return {
    'claude_bridge.task.status': isFinal(status) ? status : 'handed_over',
    'claude_bridge.task.attempts': attempts,
    'claude_bridge.overhead_ms': answer?.overheadMs,
    'gen_ai.response.model': answer?.model ?? undefined,
    'gen_ai.response.finish_reasons': answer?.choices.map(({ finish }) => finish ?? 'error'),
  }
}
