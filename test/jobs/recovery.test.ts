/** What a new server makes of the records that a killed one left: jobs that had delivered nothing run again, others end as interrupted. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { JobEvent } from '../../src/jobs/events.js'
import type { Job } from '../../src/jobs/job.js'
import type { JobStore } from '../../src/jobs/store.js'
import { type Bench, brief, counted, gapless, onBench, onRedis, readAll, refusal, requestOf, soon, takenUp, untilOnRedis } from './bench.js'
import { jobWith, put, queued, text } from './conformance/records.js'

const never = new AbortController().signal
const begun: JobEvent = { type: 'status', status: 'in_progress', phase: 'starting' }
const waiting: JobEvent = { type: 'status', status: 'in_progress', phase: 'waiting' }

/** A record as a killed server leaves it. */
async function left(store: JobStore, members: Partial<Job>, ...events: JobEvent[]): Promise<string> {
  // on Redis a job whose client has gone with its server does not go on
  const job = jobWith({ createdAt: Date.now() - 10_000, background: onRedis })
  await store.create({ ...job, ...members, status: 'queued' }, requestOf(job.id), queued)
  if (members.status !== undefined && members.status !== 'queued') {
    await put(store, job.id, begun, ...events)
    if (members.status === 'requires_action') await put(store, job.id, { type: 'review', reason: 'r' })
  }
  return job.id
}

/** Starts a server on what one of the records above says; also the counts that its start gives. */
async function recovered(bench: Bench, members: Partial<Job>, ...events: JobEvent[]) {
  let id = ''
  const counts = await bench.restart(async (store) => {
    id = await left(store, members, ...events)
  })
  return { id, counts }
}

await onBench(t, 'a job that waited runs', {}, async (t, bench) => {
  const { id, counts } = await recovered(bench, {})
  t.strictSame(counts, takenUp({ queued: 1, rerun: 0, interrupted: 0 }))
  const run = await bench.executor.next()
  t.strictSame(run.asked.request, requestOf(id))
  run.say('a')
  run.finish()
  t.hasStrict(await bench.jobs.wait(id, never), {
    status: 'completed',
    attempts: 1,
    answer: { choices: [{ text: 'a' }] },
  })
  t.ok(gapless(await readAll(bench.jobs, id)))
})

for (const [name, events] of [
  ['of which nothing was said', []],
  ['of which only its state was said', [waiting, { type: 'status', status: 'in_progress', phase: 'thinking' }]],
] as const) {
  await onBench(t, `a job that ran, ${name}, runs again`, {}, async (t, bench) => {
    const { id, counts } = await recovered(bench, { status: 'in_progress' }, ...events)
    t.strictSame(counts, takenUp({ queued: 0, rerun: 1, interrupted: 0 }))
    const run = await bench.executor.next()
    run.say('a')
    run.finish()
    t.hasStrict(await bench.jobs.wait(id, never), { status: 'completed', attempts: 2, error: null })
    const log = await readAll(bench.jobs, id)
    t.ok(gapless(log))
    t.strictSame(brief(log), [
      'status:queued',
      'status:in_progress',
      ...events.map(({ status }) => `status:${status}`),
      'status:queued',
      'status:in_progress',
      'text:a',
      'finish:stop',
      'end:completed',
    ])
  })
}

for (const [name, events] of [
  ['text', [waiting, text('hal'), text('f')]],
  ['reasoning', [{ type: 'reasoning', choice: 0, text: 'hm' }]],
  ['a tool call', [{ type: 'tool_call', choice: 0, index: 0, id: 'c', name: 'n', arguments: '{}' }]],
  ['a tool at work', [{ type: 'tool_activity', choice: 0, id: 'x', tool: 'Bash', state: 'started' }]],
  ['a finish', [{ type: 'finish', choice: 0, reason: 'stop' }]],
] satisfies [string, JobEvent[]][]) {
  await onBench(t, `a job that ran, with ${name}, ends as interrupted`, {}, async (t, bench) => {
    const { id, counts } = await recovered(bench, { status: 'in_progress' }, ...events)
    t.strictSame(counts, takenUp({ queued: 0, rerun: 0, interrupted: 1 }))
    await untilOnRedis(async () => (await bench.jobs.get(id, 'anna'))?.status === 'failed')
    const job = await bench.jobs.get(id, 'anna')
    t.hasStrict(job, { status: 'failed', attempts: 1, error: { code: 'interrupted' }, lastSeq: events.length + 3 })
    t.ok(job!.expiresAt! > Date.now())
    if (name === 'text') t.hasStrict(job!.answer, { choices: [{ text: 'half', finish: null }] })
    if (name === 'a tool at work') t.equal(job!.answer, null, 'an answer of which nothing was said is none')
    const log = await readAll(bench.jobs, id)
    t.ok(gapless(log))
    t.strictSame(log.at(-1)?.event, { type: 'end', status: 'failed', error: job!.error })
    t.strictSame(await readAll(bench.jobs, id, { after: 2 }), log.slice(2), 'a reader goes on where it was')
    await sleep(20)
    t.equal(bench.executor.runs.length, 0)
    await bench.restart()
    t.strictSame(await bench.jobs.get(id, 'anna'), job, 'the next start leaves it as it is')
  })
}

await onBench(t, 'a job that waits for somebody goes on waiting', {}, async (t, bench) => {
  const { id, counts } = await recovered(bench, { status: 'requires_action' }, text('a'))
  t.strictSame(counts, takenUp({ queued: 0, rerun: 0, interrupted: 0 }))
  t.hasStrict(await bench.jobs.get(id, 'anna'), { status: 'requires_action' })
  const reader = bench.jobs.read(id, { after: 0, durable: true, signal: new AbortController().signal })
  const first = await soon(reader.next().then(({ value }) => (value as unknown[]).length))
  t.equal(first, 4, 'what is there can be read')
  await bench.jobs.cancel(id)
  t.match(await bench.jobs.get(id, 'anna'), { status: 'cancelled' }, 'and it can be cancelled')
})

await onBench(t, 'a long log is folded whole', {}, async (t, bench) => {
  const pieces = Array.from({ length: 1800 }, (_, i) => text(`${i} `))
  const { id } = await recovered(bench, { status: 'in_progress' }, ...pieces)
  await untilOnRedis(async () => (await bench.jobs.get(id, 'anna'))?.status === 'failed')
  const job = await bench.jobs.get(id, 'anna')
  t.equal(job?.answer?.choices[0]?.text, pieces.map(({ text }) => text).join(''))
  t.equal(job?.lastSeq, 1803)
})

await onBench(t, 'in their old order, with the slots there are', { maxConcurrent: 1, maxQueued: 1 }, async (t, bench) => {
  const ids: string[] = []
  const counts = await bench.restart(async (store) => {
    for (let i = 0; i < 5; i++) {
      ids.push(await left(store, { createdAt: 1000 + i, ...(i % 2 === 1 ? { status: 'in_progress' } : {}) }))
    }
  })
  t.strictSame(counts, takenUp({ queued: 3, rerun: 2, interrupted: 0 }))
  await untilOnRedis(() => bench.executor.runs.length === 1)
  // on Redis what ran stands in the line again when a server takes it
  t.hasStrict(await counted(bench.jobs), { queued: onRedis ? 2 : 4, running: 1 }, 'more than a client could queue')
  t.equal(await refusal(bench.submit()), 'queue_full')
  for (const id of ids) {
    const run = await bench.executor.next()
    t.equal(run.asked.jobId, id)
    run.finish()
    await bench.jobs.wait(id, never)
  }
})

await onBench(t, 'crashed again and again', {}, async (t, bench) => {
  const { id } = await recovered(bench, { status: 'in_progress', background: true })
  for (let i = 0; i < 3; i++) {
    await bench.executor.next()
    t.strictSame(await bench.restart(), takenUp({ queued: 0, rerun: 1, interrupted: 0 }))
  }
  const run = await bench.executor.next()
  run.finish()
  t.hasStrict(await bench.jobs.wait(id, never), { status: 'completed', attempts: 5 })
  t.ok(gapless(await readAll(bench.jobs, id)))
})

await onBench(t, 'those whose server was killed run one at a time', {}, async (t, bench) => {
  const ids: string[] = []
  await bench.restart(async (store) => {
    // no end was noted after it
    await store.begin()
    for (let i = 0; i < 3; i++) ids.push(await left(store, { createdAt: 1000 + i, status: 'in_progress', background: true }))
  })
  const beside = await bench.submit()
  const seen: string[] = []
  const first = [await bench.executor.next(), await bench.executor.next()]
  t.ok(first.some(({ asked }) => asked.jobId === beside.id))
  await sleep(20)
  t.equal(bench.executor.runs.length, 2, 'the other suspects wait')
  const waits = ids.find((id) => !first.some(({ asked }) => asked.jobId === id))!
  await bench.jobs.cancel(waits)
  t.hasStrict(await bench.jobs.get(waits, 'anna'), { status: 'cancelled' })
  for (const run of first) run.finish()
  const last = await bench.executor.next()
  seen.push(...first.map(({ asked }) => asked.jobId), last.asked.jobId, waits)
  t.strictSame(seen.sort(), [...ids, beside.id].sort())
  last.finish()
  t.hasStrict(await bench.jobs.wait(last.asked.jobId, never), { status: 'completed', attempts: 2 })
})

await onBench(t, 'an end in order between two kills', {}, async (t, bench) => {
  const { id } = await recovered(bench, { status: 'in_progress', background: true })
  await bench.executor.next()
  t.match(await bench.store.unfinished(), [{ job: { id } }])
  await bench.restart()
  await bench.executor.next()
  t.match(await bench.store.unfinished(), [{ job: { id }, deaths: 0 }], 'what a server has ended in order is no death')
  bench.executor.runs[0]!.finish()
  t.hasStrict(await bench.jobs.wait(id, never), { status: 'completed', attempts: 3 })
})
