import type { Job } from '../../../src/jobs/job.js'
import type { JobStatus } from '../../../src/jobs/status.js'
import type { JobQuery, JobStore } from '../../../src/jobs/store.js'
import { ending, epoch, jobWith, put, queued, running, text } from './records.js'
import type { Theme } from './theme.js'

export const list: Theme = async (subtest) => {
  await subtest('list', async (t, store) => {
    const jobs: Job[] = []
    for (let i = 0; i < 24; i++) {
      const job = jobWith({
        owner: i % 4 === 3 ? 'bert' : 'anna',
        model: i % 3 === 0 ? 'opus' : 'sonnet',
        // equal times in runs, and a clock that was once set back
        createdAt: epoch + (i === 20 ? 0 : Math.floor(i / 7)),
      })
      await store.create(job, {}, queued)
      if (i % 5 === 0) await put(store, job.id, running)
      jobs.push(job)
    }
    const oldestFirst = jobs.map((job, i) => ({ job, i })).sort((a, b) => a.job.createdAt - b.job.createdAt || a.i - b.i)

    for (const owner of [undefined, 'anna', 'bert', 'nobody']) {
      for (const status of [undefined, 'queued', 'in_progress', 'failed'] as (JobStatus | undefined)[]) {
        for (const model of [undefined, 'opus', 'haiku']) {
          const expected = oldestFirst
            .filter(({ job }) => owner === undefined || job.owner === owner)
            .filter(({ i }) => status === undefined || status === (i % 5 === 0 ? 'in_progress' : 'queued'))
            .filter(({ job }) => model === undefined || job.model === model)
            .map(({ job }) => job.id)
          const filter: Partial<JobQuery> = {}
          if (owner !== undefined) filter.owner = owner
          if (status !== undefined) filter.status = status
          if (model !== undefined) filter.model = model
          const name = JSON.stringify(filter)
          t.strictSame(await paged(store, { ...filter, order: 'asc', limit: 4 }), expected, `asc ${name}`)
          const backwards = await paged(store, { ...filter, order: 'desc', limit: 5 })
          t.strictSame(backwards, expected.toReversed(), `desc ${name}`)
        }
      }
    }

    const page = await store.list({ order: 'asc', limit: 24 })
    t.equal(page.hasMore, false, 'a page that is just full is the last')
    t.strictSame(page.jobs[0], await store.get(page.jobs[0]!.id), 'items are whole records')
    t.match(await store.list({ order: 'asc', limit: 23 }), { hasMore: true })
    const strangers: Partial<JobQuery>[] = [{ after: 'task_unknown' }, { owner: 'anna', after: jobs[3]!.id }]
    for (const stranger of strangers) {
      const error: unknown = await store.list({ order: 'asc', limit: 1, ...stranger }).catch((error: unknown) => error)
      t.match(error, { failure: { code: 'invalid_value', param: 'after' } }, 'no such job, or another’s')
    }
  })

  await subtest('a page of long answers', async (t, store) => {
    const ids: string[] = []
    for (let i = 0; i < 6; i++) {
      const job = jobWith({ createdAt: epoch + i })
      await store.create(job, {}, queued)
      await put(store, job.id, running, text('long '.repeat(400_000)), { type: 'finish', choice: 0, reason: 'stop' }, ending('completed'))
      ids.push(job.id)
    }
    const page = await store.list({ order: 'asc', limit: 6 })
    t.match(page, { hasMore: true, cut: true, jobs: { length: 2 } }, 'it ends where it has 4 million characters')
    t.strictSame(await paged(store, { order: 'asc', limit: 6 }), ids, 'and the rest follows')
    t.strictSame(await paged(store, { order: 'desc', limit: 3 }), ids.toReversed())
  })
}

/** The ids of all pages of a query, in order. */
async function paged(store: JobStore, query: JobQuery): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const page = await store.list({ ...query, ...(ids.length > 0 ? { after: ids.at(-1)! } : {}) })
    ids.push(...page.jobs.map(({ id }) => id))
    if (!page.hasMore || page.jobs.length === 0) return ids
  }
}
