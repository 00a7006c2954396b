/** A record that is damaged is set aside by itself: it is named, and hides no other. */
import t from 'tap'
import { onBench, readAll, refusal, requestOf } from './bench.js'
import { ending, jobWith, put, queued, running, text } from './conformance/records.js'
import type { FaultyStore } from './faulty-store.js'
import { bare } from './sqlite/helpers.js'

const never = new AbortController().signal

/** SQL literals that no version has written into the column. */
const damage: Record<string, string[]> = {
  status: [`'frobnicated'`, 'NULL', '7'],
  model: [`'{'`, `'7'`],
  metadata: [`'{'`, `'[]'`, `x'00ff'`],
  view: [`'{"ignored":'`, `'null'`, `'{}'`],
  choices: [`'many'`],
  created_at: [`'yesterday'`],
  ttl_s: [`'long'`],
  last_seq: [`'x'`],
  answer: [`'{'`, `'{"choices":[null]}'`, `'7'`],
  error: [`'{"code":"no such code","message":"m"}'`, `'"text"'`],
  review: [`'{'`, `'{}'`],
  expires_at: [`'never'`],
}

const cases = Object.entries(damage).flatMap(([column, values]) =>
  values.filter((value) => value !== 'NULL').map((value) => ({ column, value })),
)

for (const finished of [true, false]) {
  await onBench(t, `records ${finished ? 'that have ended' : 'of jobs that wait'}`, {}, async (t, bench) => {
    const damaged = new Map<string, string>()
    let kept = ''
    const restart = (between: (store: FaultyStore) => Promise<void>) => bench.restart(between)
    const counts = await restart(async (store) => {
      const add = async () => {
        const job = jobWith({ owner: 'anna', createdAt: Date.now(), ttlS: 10 * 365 * 86_400 })
        await store.create(job, requestOf(job.id), queued, { key: job.id, hash: 'h' })
        if (finished) {
          await put(store, job.id, ending('completed'))
        }
        return job.id
      }
      for (const { column, value } of cases) {
        const id = await add()
        damaged.set(id, column)
        await bare(bench.dataDir, `UPDATE jobs SET ${column} = ${value} WHERE id = '${id}'`)
      }
      kept = await add()
    })
    if (!finished) {
      t.strictSame(counts, { queued: 1, rerun: 0, interrupted: 0 }, 'the one that can be read is taken up')
      ;(await bench.executor.next()).finish()
      t.match(await bench.jobs.wait(kept, never), { status: 'completed' })
    }
    for (const [id, column] of damaged) {
      t.equal(await refusal(bench.jobs.get(id, 'anna')), 'record_unreadable', `${column}: its owner is told`)
      t.equal(await bench.jobs.get(id, 'bert'), null, `${column}: a stranger is not`)
      t.ok((await bench.jobs.known([id])).has(id), `${column}: its files stay`)
    }
    for (const order of ['asc', 'desc'] as const) {
      for (const limit of [1, 3, 100]) {
        const page = await bench.jobs.list({ owner: 'anna', order, limit })
        t.strictSame({ ids: page.jobs.map(({ id }) => id), hasMore: page.hasMore }, { ids: [kept], hasMore: false }, `${order} ${limit}`)
      }
    }
    const { unreadable } = await bench.store.health()
    t.strictSame(new Map(unreadable.map(({ id, part }) => [id, part])), damaged, 'health names each, and what of it')
    t.equal(await bench.store.prune(Date.now()), 0)
    const [first] = damaged.keys()
    t.equal(await bench.jobs.delete(first!), true, 'one can be forgotten')
    t.equal(await bench.jobs.get(first!, 'anna'), null)
  })
}

await onBench(t, 'a request', {}, async (t, bench) => {
  let id = ''
  await bench.restart(async (store) => {
    const job = jobWith()
    id = job.id
    await store.create(job, {}, queued)
    await bare(bench.dataDir, `UPDATE requests SET request = '{'`)
  })
  t.match(await bench.jobs.wait(id, never), { status: 'failed', error: { code: 'record_unreadable' } })
  t.match(bench.troubles.splice(0), [/damaged \(request\)/])
})

await onBench(t, 'a log', {}, async (t, bench) => {
  for (const event of [`'{'`, `'null'`, `'{"type":7}'`]) {
    let id = ''
    const counts = await bench.restart(async (store) => {
      const job = jobWith()
      id = job.id
      await store.create(job, {}, queued)
      await put(store, id, running, text('half'), text('rest'))
      await bare(bench.dataDir, `UPDATE events SET event = ${event} WHERE seq = 4 AND job = (SELECT n FROM jobs WHERE id = '${id}')`)
    })
    t.strictSame(counts, { queued: 0, rerun: 0, interrupted: 1 }, event)
    t.match(await bench.jobs.get(id, 'anna'), { status: 'failed', error: { code: 'interrupted' } })
    t.equal(await refusal(readAll(bench.jobs, id)), 'record_unreadable')
  }
})

await onBench(t, 'a view, while its job ends', {}, async (t, bench) => {
  const { id } = await bench.submit()
  const run = await bench.executor.next()
  await bare(bench.dataDir, `UPDATE jobs SET view = '{'`)
  run.finish()
  t.match(await bench.jobs.wait(id, never), { status: 'completed' })
  t.equal(await refusal(bench.jobs.get(id, 'anna')), 'record_unreadable')
})
