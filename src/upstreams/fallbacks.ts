/**
 * Asks models in turn: the next one where one is overloaded, limited or out of reach and has not said anything yet. A request
 * that is wrong, or a key, stays so for every model and is no reason to ask another.
 */
import type { ErrorCode } from '../errors/catalogue.js'
import { isContent } from '../jobs/events.js'
import type { Execution, Executor, Outcome, Run } from '../jobs/executor.js'
import type { ClaudeRequest } from '../request/conversation.js'
import type { FallbackRequest, UpstreamRequest } from '../request/upstream-request.js'

const passing: ErrorCode[] = [
  'rate_limit_exceeded',
  'insufficient_quota',
  'server_is_overloaded',
  'upstream_error',
  'upstream_unreachable',
  'upstream_interrupted',
  'upstream_timeout',
  'claude_unavailable',
]

export class FallbackExecutor implements Executor<FallbackRequest> {
  constructor(private readonly inner: Executor<ClaudeRequest | UpstreamRequest>) {}

  run(run: Run<FallbackRequest>): Execution {
    let settle!: (outcome: Outcome) => void
    const outcome = new Promise<Outcome>((resolve) => (settle = resolve))
    const gone = this.execute(run, settle).catch((error: unknown) => {
      run.trouble?.('models could not be asked in turn', error)
      settle({ kind: 'failed', failure: { code: 'internal_error', message: 'The run could not be made.' } })
    })
    return { outcome, gone }
  }

  private async execute(run: Run<FallbackRequest>, settle: (outcome: Outcome) => void): Promise<void> {
    const { candidates, depth } = run.request
    for (const [index, { name, run: request }] of candidates.entries()) {
      let said = false
      const execution = this.inner.run({
        ...run,
        request: depth === undefined ? request : { ...request, depth },
        emit: (event) => {
          said ||= isContent(event)
          run.emit(event)
        },
      })
      const outcome = await execution.outcome
      const next = candidates[index + 1]
      const passes =
        outcome.kind === 'failed' &&
        passing.includes(outcome.failure.code) &&
        !said &&
        !run.signal.aborted &&
        (run.cutBy?.() ?? null) === null
      if (next === undefined || !passes) {
        settle(outcome)
        return execution.gone
      }
      // its process or connection first: there is one slot for all of them
      await execution.gone
      const reason = `${name} failed (${outcome.failure.code}), asking ${next.name}`
      run.emit({ type: 'status', status: 'in_progress', phase: 'waiting', reason, model: next.name })
    }
  }
}
