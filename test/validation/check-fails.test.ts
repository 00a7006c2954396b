/** A check that cannot be made to its end says nothing about the answer: `validator_failed`, and no further attempt. */
import t from 'tap'
import type { Executor, Run } from '../../src/jobs/executor.js'
import { CheckedExecutor } from '../../src/validation/checked-executor.js'
import { openCheckThreads, parseValidation } from '../../src/validation/index.js'
import type { InnerRequest } from '../../src/request/job-request.js'
import type { AttemptPlan } from '../../src/request/plan.js'
import { freeSeat } from '../jobs/seat.js'

t.setTimeout(60_000)

await t.test('a check that takes too long', async (t) => {
  const threads = openCheckThreads({ checkMs: 1000, threads: 1, memoryMb: 64 })
  t.teardown(() => threads.close())
  let asked = 0
  const executor: Executor<InnerRequest> = {
    run(run) {
      asked += 1
      run.emit({ type: 'text', choice: 0, text: `${'a'.repeat(50_000)}!` })
      return { outcome: Promise.resolve({ kind: 'finished', reason: 'stop' }), gone: Promise.resolve() }
    },
  }
  const plan: AttemptPlan = {
    checks: parseValidation([{ type: 'regex', params: { pattern: '(a+)+$' } }], { add: () => undefined }, []),
    ...{ maxAttempts: 3, initialDelayS: 0, backoffFactor: 1, maxDelayS: 0, jitter: 0 },
    ...{ toolAfter: null, humanAfter: null, tool: null, originalPrompt: 'x', originalRequest: 'x' },
  }
  const request = { kind: 'checked', inner: { kind: 'claude', model: 'sonnet', system: [], turns: [] }, plan }
  const run = {
    ...{ jobId: 'task_1', owner: 'anna', choice: 0, request, review: null, budget: null },
    signal: new AbortController().signal,
    emit: () => undefined,
    seat: freeSeat,
  } as unknown as Run
  const checked = new CheckedExecutor({
    executor,
    threads,
    childRequest: () => ({ kind: 'claude', model: 'sonnet', system: [], turns: [] }),
  })
  const { outcome, gone } = checked.run(run)
  t.match(await outcome, { kind: 'failed', failure: { code: 'validator_failed', message: /regex/ } })
  await gone
  t.equal(asked, 1, 'nobody is asked again')
})
