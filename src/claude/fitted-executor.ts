/**
 * A model that is in no table may not take an option. A run that the model's API refuses with the option's name, before anything was delivered, is
 * made once more without it, and what was learnt so holds for that model name from then on.
 */
import { Lru } from '../lru.js'
import { isContent, type JobEvent } from '../jobs/events.js'
import type { Execution, Executor, Outcome, Run } from '../jobs/executor.js'
import type { ClaudeRequest } from '../request/conversation.js'
import { type Option, refusedOption, without } from '../request/untaken-options.js'

/** Clients make up names. */
const mostModels = 1000

export class FittedExecutor implements Executor<ClaudeRequest> {
  private readonly refused = new Lru<readonly Option[]>({ entries: mostModels, bytes: mostModels })

  constructor(private readonly executor: Executor<ClaudeRequest>) {}

  run(run: Run<ClaudeRequest>): Execution {
    const { model } = run.request
    const known = this.refused.get(model) ?? []
    let delivered = false
    const emit = (event: JobEvent) => {
      // what a tool has done cannot be done again
      delivered ||= isContent(event) || event.type === 'tool_activity' || event.type === 'files'
      run.emit(event)
    }
    const begin = (options: readonly Option[]): Execution => {
      const { request, ignored } = without(run.request, options)
      if (ignored.length > 0) run.emit({ type: 'status', status: 'in_progress', phase: 'waiting', ignored })
      return this.executor.run({ ...run, request, emit })
    }
    const first = begin(known)
    const second = first.outcome.then(async (outcome): Promise<Execution> => {
      const option = delivered || run.signal.aborted ? null : optionOf(without(run.request, known).request, outcome)
      if (option === null) return first
      await first.gone
      const options = [...known, option]
      const again = begin(options)
      const learn = again.outcome.then(({ kind }) => {
        if (kind === 'finished') this.refused.set(model, options, 1)
      })
      return { outcome: again.outcome, gone: Promise.all([again.gone, learn]).then(() => {}) }
    })
    return { outcome: second.then(({ outcome }) => outcome), gone: second.then(({ gone }) => gone) }
  }
}

function optionOf(request: ClaudeRequest, outcome: Outcome): Option | null {
  if (outcome.kind !== 'failed' || outcome.failure.code !== 'upstream_invalid_request') return null
  return refusedOption(request, outcome.failure.message)
}
