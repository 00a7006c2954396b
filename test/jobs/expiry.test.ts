/** A record that has expired is not there, whether or not it was cleared away yet. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { onBench } from './bench.js'

const never = new AbortController().signal

await onBench(t, 'get and list', {}, async (t, { jobs, executor, submit, store }) => {
  const kept: string[] = []
  const expired: string[] = []
  for (let i = 0; i < 12; i++) {
    const stays = i % 4 === 0
    const job = await submit({ ttlS: stays ? 3600 : 0 })
    ;(await executor.next()).finish()
    await jobs.wait(job.id, never)
    ;(stays ? kept : expired).push(job.id)
  }
  t.not(await store.get(expired[0]!), null, 'not cleared away yet')
  t.equal(await jobs.get(expired[0]!, 'anna'), null)
  t.hasStrict(await jobs.get(kept[0]!, 'anna'), { id: kept[0] })

  const all = await jobs.list({ owner: 'anna', limit: 20, order: 'asc' })
  t.strictSame(
    all.jobs.map(({ id }) => id),
    kept,
  )
  t.equal(all.hasMore, false)
  for (const order of ['asc', 'desc'] as const) {
    const seen: string[] = []
    let pages = 0
    for (let after: string | undefined; ; ) {
      const page = await jobs.list({ owner: 'anna', limit: 1, order, ...(after === undefined ? {} : { after }) })
      seen.push(...page.jobs.map(({ id }) => id))
      if (!page.hasMore || ++pages > 20) break
      t.equal(page.jobs.length, 1, 'a page with more behind it is full')
      after = page.jobs.at(-1)!.id
    }
    t.strictSame(seen, order === 'asc' ? kept : kept.toReversed(), order)
  }
})

await onBench(
  t,
  'room is given back while no job is queued or runs',
  { pruneEveryMs: 20 },
  async (t, { jobs, executor, submit, store }) => {
    const looks: boolean[] = []
    store.before('giveBack', (isIdle) => void looks.push((isIdle as () => boolean)()))
    // two more looks: the first may have begun before
    const next = async () => {
      const seen = looks.length
      while (looks.length < seen + 2) await sleep(5)
      return looks.at(-1)
    }
    t.equal(await next(), true)
    const job = await submit()
    t.equal(await next(), false)
    ;(await executor.next()).finish()
    await jobs.wait(job.id, never)
    t.equal(await next(), true)
  },
)
