import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { LoggedEvent } from '../../src/jobs/events.js'
import { Flusher } from '../../src/jobs/flusher.js'
import { LiveJob } from '../../src/jobs/live-job.js'
import type { JobStore } from '../../src/jobs/store.js'
import { until } from './bench.js'
import { jobWith, text } from './conformance.js'
import { barrier } from './faulty-store.js'

type Batch = { id: string; events: LoggedEvent[] }[]

/** A flusher on a store that takes down what it is given; `hold` makes the next writes wait. */
function flusherOn(hold: () => Promise<void> = async () => {}) {
  const batches: Batch[] = []
  const failures: { jobs: string[]; error: unknown }[] = []
  const append = async (batch: Batch) => {
    batches.push(batch)
    await hold()
  }
  const flusher = new Flusher({ append } as unknown as JobStore, (jobs, error) =>
    failures.push({ jobs: jobs.map((live) => live.job.id), error }),
  )
  const seqs = () => batches.map((batch) => batch.map(({ events }) => events.map(({ seq }) => seq)))
  return { flusher, batches, failures, seqs }
}

function liveJob(id: string): { live: LiveJob; say: (words: string) => void } {
  const live = new LiveJob(jobWith({ id }))
  return { live, say: (words) => void live.append(text(words), 0) }
}

await t.test('events of many jobs go in one write', async (t) => {
  const { flusher, batches, seqs } = flusherOn()
  const [a, b] = [liveJob('a'), liveJob('b')]
  for (const words of ['1', '2', '3']) {
    a.say(words)
    flusher.mark(a.live)
  }
  b.say('1')
  flusher.mark(b.live)
  t.equal(batches.length, 0, 'not at once')
  await until(() => a.live.log.storedSeq === 4)
  t.strictSame(seqs(), [[[2, 3, 4], [2]]])
  t.strictSame(
    batches[0]?.map(({ id }) => id),
    ['a', 'b'],
  )
  t.equal(a.live.log.storedSeq, 4)
  t.equal(b.live.log.storedSeq, 2)
  await sleep(60)
  t.equal(batches.length, 1, 'and never again')
})

await t.test('now does not wait', async (t) => {
  const { flusher, seqs } = flusherOn()
  const a = liveJob('a')
  flusher.now()
  a.say('1')
  flusher.mark(a.live)
  flusher.now()
  // once round the loop: what ends at once is written with its end
  for (let round = 0; round < 2; round++) await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(seqs(), [[[2]]])
  t.equal(a.live.log.storedSeq, 2)
  t.notOk(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length > 1, 'the timer is off')
})

await t.test('one write at a time; what comes during it goes with the next', async (t) => {
  const gates = [barrier(), barrier()]
  let calls = 0
  const { flusher, seqs } = flusherOn(() => gates[calls++]!.passed)
  const [a, b] = [liveJob('a'), liveJob('b')]
  a.say('1')
  flusher.mark(a.live)
  flusher.now()
  await until(() => calls === 1)
  b.say('1')
  flusher.mark(b.live)
  flusher.now()
  await sleep(60)
  t.equal(calls, 1)
  a.say('2')
  flusher.mark(a.live)
  t.equal(a.live.log.storedSeq, 1, 'not stored before it is acknowledged')
  gates[0]!.open()
  await until(() => calls === 2)
  t.equal(a.live.log.storedSeq, 2)
  gates[1]!.open()
  await until(() => a.live.log.storedSeq === 3)
  t.strictSame(seqs(), [[[2]], [[2], [3]]])
  t.equal(b.live.log.storedSeq, 2)
})

await t.test('a failure is handed back, and the next write goes on', async (t) => {
  const trouble = new Error('disk full')
  let broken = true
  const { flusher, failures, seqs } = flusherOn(async () => {
    if (broken) throw trouble
  })
  const [a, b] = [liveJob('a'), liveJob('b')]
  a.say('1')
  b.say('1')
  flusher.mark(a.live)
  flusher.mark(b.live)
  await until(() => failures.length > 0)
  t.strictSame(failures, [{ jobs: ['a', 'b'], error: trouble }])
  t.equal(a.live.log.storedSeq, 1)
  broken = false
  a.say('2')
  flusher.mark(a.live)
  await until(() => a.live.log.storedSeq === 3)
  t.strictSame(seqs().at(-1), [[2, 3]], 'what could not be written comes first')
  t.equal(failures.length, 1)
})

await t.test('a job that is left out is not written', async (t) => {
  const { flusher, batches } = flusherOn()
  const a = liveJob('a')
  a.say('1')
  flusher.mark(a.live)
  flusher.forget(a.live)
  await sleep(60)
  t.strictSame(batches, [])
})

await t.test('nor is one that comes to its end in the meantime', async (t) => {
  const { flusher, batches } = flusherOn()
  const [a, b] = [liveJob('a'), liveJob('b')]
  for (const job of [a, b]) {
    job.say('1')
    flusher.mark(job.live)
  }
  flusher.now()
  a.live.ending = Promise.resolve()
  await until(() => b.live.log.storedSeq === 2)
  t.strictSame(
    batches.map((batch) => batch.map(({ id }) => id)),
    [['b']],
  )
  t.equal(a.live.log.handOver().length, 1, 'its events are left to who ends it')
})
