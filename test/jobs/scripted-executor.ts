/** An executor whose runs do what a test tells them, when it tells them. */
import type { Failure } from '../../src/errors/catalogue.js'
import type { Finish, JobEvent } from '../../src/jobs/events.js'
import type { Execution, Executor, Outcome, Run } from '../../src/jobs/executor.js'

export class ScriptedRun {
  readonly execution: Execution
  settle!: (outcome: Outcome) => void
  /** What an executor must not do, and a server has to live through. */
  breakOutcome!: (error: Error) => void
  breakGone!: (error: Error) => void
  /** Nothing of the run is left. */
  leave!: () => void

  constructor(readonly asked: Run) {
    this.execution = {
      outcome: new Promise((resolve, reject) => ([this.settle, this.breakOutcome] = [resolve, reject])),
      gone: new Promise((resolve, reject) => ([this.leave, this.breakGone] = [resolve, reject])),
    }
  }

  emit(event: JobEvent): void {
    this.asked.emit(event)
  }

  say(text: string): void {
    this.emit({ type: 'text', choice: this.asked.choice, text })
  }

  /** Comes to its end, process and all. */
  finish(reason: Finish = 'stop'): void {
    this.settle({ kind: 'finished', reason })
    this.leave()
  }

  fail(failure: Failure): void {
    this.settle({ kind: 'failed', failure })
    this.leave()
  }

  get aborted(): boolean {
    return this.asked.signal.aborted
  }
}

export class ScriptedExecutor implements Executor {
  /** every run so far, in the order of their starts */
  readonly runs: ScriptedRun[] = []
  /** Whether a run that is aborted ends by itself, as it should. */
  obedient = true
  /** Instead of starting a run. */
  onRun: ((run: ScriptedRun) => void) | null = null
  private taken = 0
  private waiting: (() => void)[] = []

  run(asked: Run): Execution {
    const run = new ScriptedRun(asked)
    this.onRun?.(run)
    this.runs.push(run)
    asked.signal.addEventListener('abort', () => {
      if (!this.obedient) return
      run.settle({ kind: 'aborted' })
      setImmediate(() => run.leave())
    })
    for (const wake of this.waiting.splice(0)) wake()
    return run.execution
  }

  /** The next run that was not taken yet, as soon as it has started. */
  async next(): Promise<ScriptedRun> {
    while (this.runs.length <= this.taken) await new Promise<void>((resolve) => this.waiting.push(resolve))
    return this.runs[this.taken++]!
  }
}
