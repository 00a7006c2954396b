import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { LiveJob } from '../../src/jobs/live-job.js'
import { type Append, type JobStore, Superseded } from '../../src/jobs/store.js'
import { Writer } from '../../src/jobs/writer.js'
import { soon, until } from './bench.js'
import { ending, jobWith, running, text } from './conformance/records.js'
import { barrier } from './faulty-store.js'

/** A writer on a store that takes down what it is given; `answer` says what comes of a write. */
function writerOn(answer: (writes: Append[]) => Promise<(Error | null)[]> = async (writes) => writes.map(() => null)) {
  const batches: Append[][] = []
  const synced: boolean[] = []
  const failures: { job: string; error: unknown }[] = []
  const append = async (writes: Append[], how: { synced: boolean }) => {
    batches.push(writes)
    synced.push(how.synced)
    return answer(writes)
  }
  const writer = new Writer({ append } as unknown as JobStore, (live, error) => failures.push({ job: live.job.id, error }))
  const seqs = () => batches.map((batch) => batch.map(({ events }) => events.map(({ seq }) => seq)))
  return { writer, batches, synced, failures, seqs }
}

function liveJob(id: string): { live: LiveJob; say: (words: string) => void } {
  const live = new LiveJob(jobWith({ id }))
  return { live, say: (words) => void live.append(text(words)) }
}

await t.test('events of many jobs go in one write, after a while', async (t) => {
  const { writer, batches, seqs } = writerOn()
  const [a, b] = [liveJob('a'), liveJob('b')]
  for (const words of ['1', '2', '3']) {
    a.say(words)
    writer.mark(a.live)
  }
  b.say('1')
  writer.mark(b.live)
  t.equal(batches.length, 0, 'not at once')
  await until(() => a.live.log.storedSeq === 4)
  t.strictSame(seqs(), [[[2, 3, 4], [2]]])
  t.match(batches[0], [
    { id: 'a', after: 1, record: null },
    { id: 'b', after: 1, record: null },
  ])
  t.equal(b.live.log.storedSeq, 2)
  await sleep(60)
  t.equal(batches.length, 1, 'and never again')
})

await t.test('a commit does not wait, and has everything up to it', async (t) => {
  const { writer, batches, synced, seqs } = writerOn()
  const a = liveJob('a')
  a.live.append(running)
  await writer.commit(a.live, { synced: false })
  t.strictSame(synced, [false])
  t.match(batches[0], [{ record: { status: 'in_progress', lastSeq: 2 } }])
  t.match(a.live.job, { status: 'in_progress', attempts: 1, lastSeq: 2 }, 'the record follows the store')
  a.say('1')
  a.live.append(ending('completed'))
  t.match(a.live.job, { status: 'in_progress' }, 'and not before')
  await writer.commit(a.live)
  t.strictSame(seqs(), [[[2]], [[3, 4]]])
  t.strictSame(synced, [false, true])
  t.match(a.live.job, { status: 'completed', answer: { choices: [{ text: '1' }] } })
})

await t.test('one write at a time; what comes during it goes with the next', async (t) => {
  const gates = [barrier(), barrier()]
  let calls = 0
  const { writer, seqs } = writerOn(async (writes) => {
    await gates[calls++]!.passed
    return writes.map(() => null)
  })
  const [a, b] = [liveJob('a'), liveJob('b')]
  a.say('1')
  const first = writer.commit(a.live)
  await until(() => calls === 1)
  b.say('1')
  const second = writer.commit(b.live)
  a.say('2')
  const third = writer.commit(a.live)
  await sleep(60)
  t.equal(calls, 1)
  gates[0]!.open()
  await first
  t.equal(await soon(second, 10), 'pending')
  gates[1]!.open()
  await Promise.all([second, third])
  t.strictSame(seqs(), [[[2]], [[2], [3]]])
})

await t.test('what the store cannot take is left to the next write', async (t) => {
  const trouble = new Error('disk full')
  let broken = true
  const { writer, failures, seqs } = writerOn(async (writes) => {
    if (broken) throw trouble
    return writes.map(() => null)
  })
  const [a, b] = [liveJob('a'), liveJob('b')]
  a.say('1')
  b.say('1')
  writer.mark(a.live)
  await t.rejects(writer.commit(b.live), trouble, 'who waits is told')
  t.strictSame(failures, [{ job: 'a', error: trouble }], 'for the others the job’s runner is')
  t.equal(a.live.log.storedSeq, 1)
  broken = false
  a.say('2')
  await writer.commit(a.live)
  t.strictSame(seqs().at(-1), [[2, 3]])
  t.equal(failures.length, 1)
})

await t.test('one job that is refused leaves its neighbours alone', async (t) => {
  const { writer, failures } = writerOn(async (writes) => writes.map(({ id, after }) => (id === 'a' ? new Superseded(id, after) : null)))
  const [a, b] = [liveJob('a'), liveJob('b')]
  a.say('1')
  b.say('1')
  writer.mark(a.live)
  await writer.commit(b.live)
  t.match(failures, [{ job: 'a', error: Superseded }])
  t.equal(b.live.log.storedSeq, 2)
  t.equal(a.live.log.storedSeq, 1)
})

await t.test('a commit of what is stored already resolves', async (t) => {
  const { writer, batches } = writerOn()
  const a = liveJob('a')
  t.not(await soon(writer.commit(a.live)), 'pending')
  t.equal(batches.length, 0)
})
