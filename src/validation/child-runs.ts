/**
 * A validator's question to a model, run inside the job that it checks: in the job's slot, so that no job waits for itself, and with
 * what it spends counted as the job's.
 */
import type { Usage } from '../jobs/events.js'
import type { Executor, Run } from '../jobs/executor.js'
import { inPlaceOf } from '../jobs/seat.js'
import type { InnerRequest } from '../request/job-request.js'
import type { Ask, ChildAnswer, ChildJob } from './child-jobs.js'

/** @param toRequest a child -> what the executor takes; throws BridgeError for a model that there is not */
export function askThrough(
  executor: Executor<InnerRequest>,
  run: Run,
  toRequest: (child: ChildJob) => InnerRequest,
  left: Promise<void>[],
): Ask {
  return async (child): Promise<ChildAnswer> => {
    if ((run.cutBy?.() ?? null) !== null) {
      return { ok: false, failure: { code: 'insufficient_quota', message: 'The job has cost what it may.' } }
    }
    let text = ''
    let costUsd = 0
    const execution = executor.run({
      ...run,
      seat: inPlaceOf(run.seat),
      review: null,
      request: toRequest(child),
      emit: (event) => {
        if (event.type === 'text') text += event.text
        if (event.type !== 'usage') return
        costUsd += event.costUsd ?? 0
        // the answer is another model's: only what it cost is the job's
        run.emit({ ...event, usage: event.usage satisfies Usage, model: null, sessionId: null })
      },
    })
    left.push(execution.gone)
    const outcome = await execution.outcome
    run.seat.rest(execution.gone)
    const spent = { costUsd }
    if (outcome.kind === 'failed') return { ok: false, failure: outcome.failure, spent }
    if (outcome.kind !== 'finished' || outcome.reason !== 'stop') {
      return { ok: false, failure: { code: 'output_not_valid', message: 'The model gave no verdict.' }, spent }
    }
    try {
      return { ok: true, value: JSON.parse(text) as unknown, spent }
    } catch {
      return { ok: false, failure: { code: 'output_not_valid', message: 'The verdict is no JSON.' }, spent }
    }
  }
}
