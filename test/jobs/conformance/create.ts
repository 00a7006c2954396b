import type { Test } from 'tap'
import type { JobEvent } from '../../../src/jobs/events.js'
import type { Job } from '../../../src/jobs/job.js'
import { isFinal, statuses, type JobStatus } from '../../../src/jobs/status.js'
import { addJob, ending, epoch, jobWith, put, queued, running } from './records.js'
import type { Theme } from './theme.js'

/** Events that bring a new job to a status. */
function wayTo(status: JobStatus): JobEvent[] {
  if (status === 'queued') return []
  if (isFinal(status)) return [running, ending(status)]
  return status === 'in_progress' ? [running] : [running, { type: 'review', reason: 'r' }]
}

export const create: Theme = async (subtest) => {
  await subtest('create, get and request', async (t, store) => {
    const job = jobWith({
      model: 'a\0"model"\ud800é',
      background: true,
      metadata: { ключ: 'value\0' },
      view: { ignored: ['seed'], user: 'u', more: [1] },
      choices: 3,
      expiresAt: epoch + 5,
      lastSeq: 0,
    })
    const request = { messages: [{ role: 'user', content: 'x\0\u2028\ud800' }], deep: { a: [null, 1.5, true] } }
    const created = await store.create(job, request, queued)
    t.ok(created.created)
    if (created.created) await t.resolves(created.synced)
    t.strictSame(await store.get(job.id), { ...job, lastSeq: 1 }, 'the store itself knows the last number')
    t.strictSame((await store.request(job.id))?.request, request)
    t.strictSame(await store.events(job.id, 0, 10), [queued])

    const empty = jobWith()
    await store.create(empty, null, queued)
    t.equal((await store.request(empty.id))?.request, null)

    t.equal(await store.get('task_unknown'), null)
    t.equal(await store.request('task_unknown'), null)
    t.strictSame(await store.events('task_unknown', 0, 10), [])

    await t.rejects(store.create({ ...job, owner: 'eve' }, 'other', queued), 'an id is given once')
    t.equal((await store.get(job.id))?.owner, 'anna')
    const late = jobWith()
    await t.rejects(store.create(late, {}, { ...queued, seq: 2 }), 'a log begins with 1')
    t.equal(await store.get(late.id), null)
  })

  await subtest('idempotency', async (t, store) => {
    const create = async (key: string, hash: string, members: Partial<Job> = {}) => {
      const job = jobWith(members)
      return { id: job.id, ...(await store.create(job, { of: job.id }, queued, { key, hash })) }
    }
    const joins = async (t: Test, first: string, key: string) => {
      const look = (hash: string) => store.earlier('anna', { key, hash })
      t.strictSame(await look('h'), { job: await store.get(first), sameBody: true }, 'seen without making one')
      t.match(await look('other'), { job: { id: first }, sameBody: false })
      const again = await create(key, 'h')
      t.match(again, { created: false, sameBody: true, job: { id: first } })
      t.equal(await store.get(again.id), null, 'nothing of the second is stored')
      t.strictSame(await store.events(again.id, 0, 1), [])
      t.match(await create(key, 'other'), { created: false, sameBody: false, job: { id: first } })
    }

    for (const status of statuses.filter((status) => status !== 'failed' && status !== 'cancelled')) {
      const first = await create(status, 'h')
      await put(store, first.id, ...wayTo(status))
      await joins(t, first.id, status)
    }
    for (const status of ['failed', 'cancelled'] as const) {
      const first = await create(status, 'h')
      await put(store, first.id, ending(status))
      t.equal(await store.earlier('anna', { key: status, hash: 'h' }), null)
      const second = await create(status, 'h')
      t.equal(second.created, true, `the key of a ${status} job passes on`)
      await joins(t, second.id, status)
      t.equal((await store.get(first.id))?.status, status, 'the earlier job stays on record')
      await store.delete(first.id)
      await joins(t, second.id, status)
      await put(store, second.id, ending(status))
      const third = await create(status, 'another body')
      t.equal(third.created, true, 'with another body too')
      t.match(await create(status, 'another body'), { created: false, sameBody: true, job: { id: third.id } })
    }

    t.equal(await store.earlier('bert', { key: 'queued', hash: 'h' }), null)
    t.equal((await create('queued', 'h', { owner: 'bert' })).created, true, 'keys are their owner’s')
    const twins = await Promise.all([create('twin', 'h'), create('twin', 'h'), create('twin', 'h')])
    t.equal(twins.filter(({ created }) => created).length, 1, 'one of many at once')

    const gone = await create('gone', 'h')
    await store.delete(gone.id)
    t.equal(await store.earlier('anna', { key: 'gone', hash: 'h' }), null)
    t.equal((await create('gone', 'h')).created, true, 'a deleted job frees its key')
    t.equal(
      await addJob(store)
        .then((id) => store.get(id))
        .then((job) => job?.status),
      'queued',
      'no key, no match',
    )
  })
}
