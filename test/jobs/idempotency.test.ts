import t from 'tap'
import { asking, brief, counted, onBench, readAll, refusal } from './bench.js'

const never = new AbortController().signal
const key = { key: 'k', hash: 'h' }

await onBench(t, 'the same key and body', { maxConcurrent: 1 }, async (t, { jobs, executor, submit }) => {
  const blocker = await submit()
  const first = await jobs.submit(asking({ idempotency: key }))
  t.equal(first.joined, false)
  const queued = await jobs.submit(asking({ idempotency: key }))
  t.hasStrict(queued, { joined: true, job: { id: first.job.id, status: 'queued' } })
  ;(await executor.next()).finish()
  await jobs.wait(blocker.id, never)
  const run = await executor.next()
  t.hasStrict(await jobs.submit(asking({ idempotency: key })), {
    joined: true,
    job: { id: first.job.id, status: 'in_progress' },
  })
  run.say('once')
  run.finish()
  await jobs.wait(first.job.id, never)
  const replayed = await jobs.submit(asking({ idempotency: key }))
  t.hasStrict(replayed, {
    joined: true,
    job: { id: first.job.id, status: 'completed', answer: { choices: [{ text: 'once' }] } },
  })
  t.equal(executor.runs.length, 2, 'it ran once')
  t.hasStrict(await counted(jobs), { queued: 0 })
})

await onBench(t, 'another body, another owner', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit({ idempotency: key })
  t.equal(await refusal(submit({ idempotency: { key: 'k', hash: 'other' } })), 'idempotency_key_reused')
  const bobs = await jobs.submit(asking({ owner: 'bob', idempotency: { key: 'k', hash: 'other' } }))
  t.equal(bobs.joined, false)
  for (let i = 0; i < 2; i++) (await executor.next()).finish()
  await jobs.wait(job.id, never)
  t.equal(await refusal(submit({ idempotency: { key: 'k', hash: 'other' } })), 'idempotency_key_reused', 'after its end as well')
})

await onBench(t, 'after failure and after cancelling it runs anew', {}, async (t, { jobs, executor, submit }) => {
  const failed = await submit({ idempotency: key })
  ;(await executor.next()).fail({ code: 'upstream_error', message: 'no' })
  await jobs.wait(failed.id, never)
  const second = await jobs.submit(asking({ idempotency: key }))
  t.equal(second.joined, false)
  await executor.next()
  await jobs.cancel(second.job.id)
  const third = await jobs.submit(asking({ idempotency: { key: 'k', hash: 'other' } }))
  t.equal(third.joined, false)
  ;(await executor.next()).finish()
  await jobs.wait(third.job.id, never)
})

await onBench(t, 'ten at the very same moment', {}, async (t, { jobs, executor }) => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => jobs.submit(asking({ idempotency: key }))))
  t.equal(new Set(answers.map(({ job }) => job.id)).size, 1)
  t.equal(answers.filter(({ joined }) => !joined).length, 1)
  const { id } = answers[0]!.job
  const waiting = answers.map(() => jobs.wait(id, never))
  ;(await executor.next()).finish()
  t.ok((await Promise.all(waiting)).every((job) => job?.status === 'completed'))
  t.equal(executor.runs.length, 1)
})

await onBench(t, 'who joins and asks for the background makes it so', {}, async (t, { jobs, executor, submit, store }) => {
  const job = await submit({ idempotency: key })
  const detach = jobs.attach(job.id)
  const run = await executor.next()
  const joined = await jobs.submit(asking({ background: true, idempotency: key }))
  t.hasStrict(joined, { joined: true, job: { id: job.id, background: true } })
  t.hasStrict(await store.get(job.id), { background: true }, 'for a restart as well')
  detach()
  t.notOk(run.aborted)
  run.finish()
  t.hasStrict(await jobs.wait(job.id, never), { status: 'completed' })
})

await onBench(t, 'a key whose job has expired is free', {}, async (t, { jobs, executor, submit }) => {
  const old = await submit({ idempotency: key, ttlS: 0 })
  ;(await executor.next()).finish()
  await jobs.wait(old.id, never)
  const answers = await Promise.all([0, 1].map(() => jobs.submit(asking({ idempotency: { key: 'k', hash: 'new' } }))))
  t.strictSame(answers.map(({ joined }) => joined).sort(), [false, true])
  t.not(answers[0]!.job.id, old.id)
  t.equal(answers[0]!.job.id, answers[1]!.job.id)
  ;(await executor.next()).finish()
  await jobs.wait(answers[0]!.job.id, never)
})

await onBench(t, 'a reader of a joined job gets all of it', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit({ idempotency: key })
  const run = await executor.next()
  run.say('a')
  const { job: same } = await jobs.submit(asking({ idempotency: key }))
  const reading = readAll(jobs, same.id)
  run.say('b')
  run.finish()
  t.strictSame(brief(await reading).slice(2), ['text:a', 'text:b', 'finish:stop', 'end:completed'])
  await jobs.wait(job.id, never)
})

const full = { maxConcurrent: 1, maxQueued: 1 }

await onBench(t, 'a known key needs no place in a full queue', full, async (t, { jobs, executor, submit }) => {
  const first = await submit({ idempotency: key })
  const run = await executor.next()
  const waiting = await submit()
  t.equal(await refusal(submit({ idempotency: { key: 'new', hash: 'h' } })), 'queue_full', 'a new one does')
  t.hasStrict(await jobs.submit(asking({ idempotency: key })), { joined: true, job: { id: first.id, status: 'in_progress' } })
  t.hasStrict(await jobs.joinEarlier(asking({ idempotency: key })), { id: first.id })
  const other = { idempotency: { key: 'k', hash: 'other' } }
  t.equal(await refusal(submit(other)), 'idempotency_key_reused')
  t.equal(await refusal(jobs.joinEarlier(asking(other))), 'idempotency_key_reused')
  t.hasStrict(await counted(jobs), { queued: 1, running: 1 })

  run.fail({ code: 'upstream_error', message: 'no' })
  await jobs.wait(first.id, never)
  const last = await executor.next()
  await submit()
  t.equal(await jobs.joinEarlier(asking({ idempotency: key })), null)
  t.equal(await refusal(submit({ idempotency: key })), 'queue_full', 'what failed is to be done anew, and that takes a place')
  last.finish()
  await jobs.wait(waiting.id, never)
  ;(await executor.next()).finish()
})

await onBench(t, 'looking for an earlier job', {}, async (t, { jobs, executor, submit }) => {
  t.equal(await jobs.joinEarlier(asking()), null, 'no key')
  t.equal(await jobs.joinEarlier(asking({ idempotency: key })), null, 'a new one')
  t.equal((await jobs.list({ owner: 'anna', limit: 1, order: 'asc' })).jobs.length, 0, 'which makes none')
  const job = await submit({ idempotency: key })
  t.equal(await jobs.joinEarlier(asking({ owner: 'bob', idempotency: key })), null, 'another owner’s')
  t.hasStrict(await jobs.joinEarlier(asking({ background: true, idempotency: key })), { id: job.id, background: true }, 'joined')
  ;(await executor.next()).finish()
  await jobs.wait(job.id, never)
  const brief = await submit({ idempotency: { key: 'brief', hash: 'h' }, ttlS: 0 })
  ;(await executor.next()).finish()
  await jobs.wait(brief.id, never)
  t.equal(await jobs.joinEarlier(asking({ idempotency: { key: 'brief', hash: 'other' } })), null, 'one that has expired')
  await jobs.drain(0)
  t.equal(await refusal(jobs.joinEarlier(asking({ idempotency: key }))), 'server_shutdown')
})
