/** A job that waits for a human: nothing of it runs, nothing ends it but a decision, and a restart changes nothing. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Outcome } from '../../src/jobs/executor.js'
import { type Bench, brief, counted, gapless, onBench, onRedis, readAll, refusal, requestOf, soon, until } from './bench.js'

const review = {
  reason: 'it did not pass',
  attempts: 1,
  lastResponse: 'nearly',
  validationErrors: [{ type: 'json', message: 'no JSON', mend: 'write JSON' }],
  originalRequest: 'the question',
  resume: { turns: [1, 2, 3] },
}
const outcome: Outcome = { kind: 'review', review }
const spent = { inputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 7, reasoningTokens: null }
const never = new AbortController().signal

/** A job whose first run has ended so. */
async function waiting(bench: Bench): Promise<string> {
  const { id } = await bench.submit()
  const run = await bench.executor.next()
  run.emit({ type: 'usage', choice: 0, usage: spent, costUsd: 0.5, model: 'm', sessionId: 's' })
  run.settle(outcome)
  run.leave()
  await soon(bench.jobs.wait(id, never))
  return id
}

await onBench(t, 'it waits: no slot, no clock, no connection holds or ends it', { idleTimeoutS: 2 }, async (t, bench) => {
  const { id } = await bench.submit({ timeoutS: 2 })
  const detach = bench.jobs.attach(id)
  const run = await bench.executor.next()
  run.settle(outcome)
  run.leave()
  const job = await soon(bench.jobs.wait(id, never))
  t.match(job, { status: 'requires_action', review, answer: null })
  detach()
  await new Promise((resolve) => setTimeout(resolve, 2200))
  t.match(await bench.jobs.get(id, 'anna'), { status: 'requires_action' })
  t.match(await counted(bench.jobs), { running: 0, queued: 0 })
  t.match(await bench.store.get(id), { status: 'requires_action', background: true, review })
  await bench.jobs.cancel(id)
  t.match(await bench.store.get(id), { status: 'cancelled' })
  t.equal(await refusal(bench.jobs.review(id, 'approve')), 'not_waiting_for_review')
})

for (const restarted of [false, true]) {
  const when = restarted ? ', after a restart' : ''

  await onBench(t, `approve${when}`, {}, async (t, bench) => {
    const id = await waiting(bench)
    if (restarted) await bench.restart()
    await bench.jobs.review(id, 'approve')
    t.match(await bench.jobs.get(id, 'anna'), {
      status: 'completed',
      answer: { choices: [{ text: 'nearly', finish: 'stop' }], usage: spent, costUsd: 0.5 },
    })
    const events = await soon(readAll(bench.jobs, id))
    if (events === 'pending') throw new Error('the log does not end')
    t.ok(gapless(events), brief(events).join(' '))
    t.equal(await refusal(bench.jobs.review(id, 'reject')), 'not_waiting_for_review')
  })

  await onBench(t, `reject${when}`, {}, async (t, bench) => {
    const id = await waiting(bench)
    if (restarted) await bench.restart()
    await bench.jobs.review(id, 'reject', 'too short')
    t.match(await bench.jobs.get(id, 'anna'), { status: 'failed', error: { code: 'review_rejected', message: /too short/ } })
  })

  await onBench(t, `retry${when}`, {}, async (t, bench) => {
    const id = await waiting(bench)
    if (restarted) await bench.restart()
    await bench.jobs.review(id, 'retry', 'mind the units')
    const run = await bench.executor.next()
    t.match(run.asked, { request: requestOf('hi'), review: { resume: review.resume, feedback: 'mind the units' } })
    run.say('better')
    run.finish()
    await soon(bench.jobs.wait(id, never))
    t.match(await bench.jobs.get(id, 'anna'), { status: 'completed', attempts: 2, answer: { choices: [{ text: 'better' }] } })
  })
}

await onBench(t, 'two decisions at once: one counts', {}, async (t, bench) => {
  const id = await waiting(bench)
  const codes = await Promise.all(['approve', 'reject', 'retry'].map((decision) => refusal(bench.jobs.review(id, decision as 'approve'))))
  t.same(codes.filter((code) => code === null).length, 1)
  // on Redis the last claim counts, which can be any of the three
  if (onRedis) await bench.jobs.cancel(id)
  else t.match(await bench.jobs.get(id, 'anna'), { status: 'completed' })
})

await onBench(t, 'cancelled while the retry is being stored: its slot comes back', { maxConcurrent: 1 }, async (t, bench) => {
  const id = await waiting(bench)
  const retrying = bench.jobs.review(id, 'retry')
  await bench.jobs.cancel(id)
  await retrying
  t.match(await bench.jobs.get(id, 'anna'), { status: 'cancelled' })
  await until(() => bench.jobs.stats().running === 0, 1000)
  t.hasStrict(await counted(bench.jobs), { queued: 0, running: 0 })
})

await onBench(t, 'a retry that was queued when the server was killed goes on from there', { maxConcurrent: 1 }, async (t, bench) => {
  const id = await waiting(bench)
  const other = await bench.submit({ background: true })
  const blocker = await bench.executor.next()
  await bench.jobs.review(id, 'retry', 'again')
  t.match(await bench.store.get(id), { status: 'queued' })
  t.ok(blocker.asked.jobId === other.id)
  await bench.restart()
  const resumed = [await bench.executor.next()]
  resumed[0]!.finish()
  resumed.push(await bench.executor.next())
  resumed[1]!.finish()
  const run = resumed.find(({ asked }) => asked.jobId === id)
  t.match(run?.asked.review, { feedback: 'again', resume: review.resume })
  await soon(bench.jobs.wait(id, never))
})

await onBench(t, 'what nobody reviews ends as such, and is kept as any other end', { pruneEveryMs: 50 }, async (t, bench) => {
  const { id } = await bench.submit({ ttlS: 1, background: true })
  const run = await bench.executor.next()
  run.settle(outcome)
  run.leave()
  await bench.jobs.wait(id, never)
  t.match(await bench.jobs.get(id, 'anna'), { status: 'requires_action' })
  // on Redis one of the servers looks every 5 s
  const deadline = Date.now() + 20_000
  while ((await bench.jobs.get(id, 'anna'))?.status === 'requires_action' && Date.now() < deadline) await sleep(20)
  t.match(await bench.jobs.get(id, 'anna'), { status: 'failed', error: { code: 'review_expired' }, review })
  t.equal(brief(await readAll(bench.jobs, id)).at(-1), 'end:failed')
})
