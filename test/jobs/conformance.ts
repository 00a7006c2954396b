/**
 * What every `JobStore` has to do, as the doc comments of `src/jobs/store.ts` say it.
 *
 * `open` gives a new, empty store each time. `reopen` closes that store, if it is open, and opens another on the same
 * data. The stores are closed here; removing their data is the caller's part.
 */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { JobEvent, LoggedEvent } from '../../src/jobs/events.js'
import type { Answer } from '../../src/jobs/answer.js'
import type { Job } from '../../src/jobs/job.js'
import { isFinal, statuses, type FinalStatus, type JobStatus } from '../../src/jobs/status.js'
import type { JobChange, JobQuery, JobStore } from '../../src/jobs/store.js'

export interface Opened {
  store: JobStore
  reopen(): Promise<JobStore>
}

const epoch = 1_790_000_000_000

/** A record as a scheduler would make it. */
export function jobWith(members: Partial<Job> = {}): Job {
  return {
    id: `task_${randomBytes(12).toString('hex')}`,
    owner: 'anna',
    status: 'queued',
    model: 'sonnet',
    background: false,
    metadata: {},
    view: { ignored: [] },
    choices: 1,
    attempts: 0,
    createdAt: epoch,
    startedAt: null,
    completedAt: null,
    expiresAt: null,
    ttlS: 3600,
    timeoutS: 600,
    lastSeq: 1,
    answer: null,
    error: null,
    review: null,
    ...members,
  }
}

/** Numbers events for a log, beginning with `from`. */
export function logged(from: number, ...events: JobEvent[]): LoggedEvent[] {
  return events.map((event, i) => ({ seq: from + i, at: epoch + from + i, event }))
}

export const queued = logged(1, { type: 'status', status: 'queued' })[0]!

export const text = (words: string) => ({ type: 'text', choice: 0, text: words }) as const

/** The change and the event that end a job. */
export function ending(status: FinalStatus, seq: number): [JobChange, LoggedEvent[]] {
  const change: JobChange = { status, completedAt: epoch + seq, expiresAt: epoch + 1000 }
  return [change, logged(seq, { type: 'end', status, error: null })]
}

const answer: Answer = {
  choices: [{ text: 'hé\0\ud800', reasoning: '', toolCalls: [], refusal: null, finish: 'stop' }],
  usage: { inputTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 3, outputTokens: 4, reasoningTokens: null },
  costUsd: 0.001,
  model: 'claude-sonnet',
  sessionId: null,
}

async function addJob(store: JobStore, members: Partial<Job> = {}): Promise<string> {
  const job = jobWith(members)
  await store.create(job, { prompt: 'hi' }, queued)
  return job.id
}

export async function conformance(t: Test, open: () => Promise<Opened>): Promise<void> {
  const subtest = (name: string, body: (t: Test, store: JobStore, reopen: Opened['reopen']) => Promise<void>) =>
    t.test(name, async (t) => {
      const opened = await open()
      let store = opened.store
      t.teardown(() => store.close())
      await body(t, store, async () => (store = await opened.reopen()))
    })

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
    t.strictSame(await store.create(job, request, queued), { created: true })
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
      if (isFinal(status)) await store.update(first.id, ...ending(status, 2))
      else await store.update(first.id, { status }, [])
      await joins(t, first.id, status)
    }
    for (const status of ['failed', 'cancelled'] as const) {
      const first = await create(status, 'h')
      await store.update(first.id, ...ending(status, 2))
      t.equal(await store.earlier('anna', { key: status, hash: 'h' }), null)
      const second = await create(status, 'h')
      t.equal(second.created, true, `the key of a ${status} job passes on`)
      await joins(t, second.id, status)
      t.equal((await store.get(first.id))?.status, status, 'the earlier job stays on record')
      await store.delete(first.id)
      await joins(t, second.id, status)
      await store.update(second.id, ...ending(status, 2))
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

  await subtest('update', async (t, store) => {
    const job = jobWith()
    await store.create(job, {}, queued)
    const change: JobChange = { status: 'in_progress', attempts: 1, startedAt: epoch + 1, background: true }
    t.equal(await store.update(job.id, change, logged(2, { type: 'status', status: 'in_progress' }, text('a'))), true)
    t.strictSame(await store.get(job.id), { ...job, ...change, lastSeq: 3 })
    t.equal(await store.update(job.id, {}, []), true, 'no change is a change')
    t.equal(await store.update(job.id, {}, [], { synced: false }), true, 'nor is one that need not be synced')
    t.equal(await store.update(job.id, { status: undefined, attempts: 2 }, logged(4, text('b'))), true)
    t.strictSame(await store.get(job.id), { ...job, ...change, attempts: 2, lastSeq: 4 })

    await t.rejects(store.update(job.id, { attempts: 9 }, logged(4, text('again'))), 'a number is written once')
    await t.rejects(store.update(job.id, { attempts: 9 }, logged(6, text('gap'))), 'no number is left out')
    t.match(await store.get(job.id), { attempts: 2, lastSeq: 4 }, 'the change goes with its events')

    const error = { code: 'timeout', message: 'late\0', param: 'x' } as const
    const last: JobChange = { status: 'incomplete', completedAt: 1, expiresAt: 2, answer, error }
    t.equal(await store.update(job.id, last, logged(5, { type: 'end', status: 'incomplete', error })), true)
    const ended = await store.get(job.id)
    t.strictSame(ended, { ...job, ...change, ...last, attempts: 2, lastSeq: 5 })

    for (const status of statuses) {
      t.equal(await store.update(job.id, { status }, logged(6, text('after'))), false, `${status} comes too late`)
    }
    t.strictSame(await store.get(job.id), ended)
    t.equal((await store.events(job.id, 0, 99)).length, 5)
    t.equal(await store.update('task_unknown', { status: 'failed' }, []), false)
  })

  await subtest('of two ends at once one wins', async (t, store) => {
    const rivals = ['completed', 'cancelled', 'failed'] as const
    for (let round = 0; round < 20; round++) {
      const id = await addJob(store)
      const won = await Promise.all(rivals.map((status) => store.update(id, ...ending(status, 2))))
      t.equal(won.filter(Boolean).length, 1)
      const status = rivals[won.indexOf(true)]!
      t.equal((await store.get(id))?.status, status)
      t.strictSame(await store.events(id, 1, 9), ending(status, 2)[1])
    }
  })

  await subtest('append and events', async (t, store) => {
    const [a, b] = [await addJob(store), await addJob(store)]
    const odd: JobEvent[] = [
      text('\0\ud800 \u2029'),
      { type: 'tool_call', choice: 1, index: 0, id: 'c', name: 'f', arguments: '{"a":' },
      { type: 'end', status: 'failed', error: { code: 'interrupted', message: 'm', retryAfter: 3 } },
    ]
    await store.append([
      { id: a, events: logged(2, ...odd) },
      { id: 'task_unknown', events: logged(1, text('lost')) },
      { id: b, events: logged(2, text('b')) },
      { id: a, events: logged(5, text('a')) },
      { id: b, events: [] },
    ])
    const all = [queued, ...logged(2, ...odd, text('a'))]
    t.strictSame(await store.events(a, 0, 100), all)
    t.strictSame(await store.events(a, 0, 2), all.slice(0, 2))
    t.strictSame(await store.events(a, 2, 2), all.slice(2, 4))
    t.strictSame(await store.events(a, 4, 2), all.slice(4))
    t.strictSame(await store.events(a, 5, 2), [])
    t.strictSame(await store.events('task_unknown', 0, 9), [])
    t.equal((await store.get(a))?.lastSeq, 5)
    t.equal((await store.get(b))?.lastSeq, 2)

    const bad = [logged(5, text('twice')), logged(7, text('gap')), logged(6, text('x'), text('y')).reverse()]
    for (const events of bad) {
      await t.rejects(
        store.append([
          { id: b, events: logged(3, text('with it')) },
          { id: a, events },
        ]),
      )
    }
    t.equal((await store.get(b))?.lastSeq, 2, 'a batch is written whole or not at all')
    t.equal((await store.events(b, 0, 9)).length, 2)
    await store.append([])
  })

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
      if (i % 5 === 0) await store.update(job.id, { status: 'in_progress' }, [])
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

  await subtest('unfinished', async (t, store) => {
    const activity: JobEvent = { type: 'tool_activity', choice: 0, id: 'x', tool: 'Read', state: 'started' }
    const usage: JobEvent = { type: 'usage', choice: 0, usage: answer.usage!, costUsd: 1, model: null, sessionId: null }
    const cases: { events: JobEvent[]; delivered: boolean; usedTools: boolean; status?: JobStatus }[] = [
      { events: [], delivered: false, usedTools: false },
      { events: [{ type: 'status', status: 'in_progress' }, usage], delivered: false, usedTools: false },
      { events: [text('a')], delivered: true, usedTools: false },
      { events: [{ type: 'reasoning', choice: 0, text: 'r' }], delivered: true, usedTools: false },
      { events: [{ type: 'tool_call', choice: 0, index: 0, arguments: '' }], delivered: true, usedTools: false },
      { events: [{ type: 'finish', choice: 0, reason: 'stop' }], delivered: true, usedTools: false },
      { events: [activity], delivered: false, usedTools: true, status: 'in_progress' },
      { events: [text('a'), activity, { type: 'review', reason: 'r' }, usage], delivered: true, usedTools: true },
      { events: [text('a'), { type: 'attempt', choice: 0, attempt: 2, reason: 'r' }], delivered: true, usedTools: false },
      { events: [], delivered: false, usedTools: false, status: 'requires_action' },
    ]
    const expected: unknown[] = []
    for (const [i, { events, delivered, usedTools, status }] of cases.entries()) {
      const id = await addJob(store, { createdAt: epoch - Math.floor(i / 3) })
      // one by one and by both ways in, since a later event must not take a flag back
      for (const [at, event] of logged(2, ...events).entries()) {
        if (at % 2 === 0) await store.append([{ id, events: [event] }])
        else await store.update(id, {}, [event])
      }
      if (status !== undefined) await store.update(id, { status }, [])
      expected.push({ job: await store.get(id), delivered, usedTools, deaths: 0 })
    }
    for (const status of ['completed', 'failed', 'cancelled', 'incomplete'] as const) {
      await store.update(await addJob(store), ...ending(status, 2))
    }
    const oldestFirst = [9, 6, 7, 8, 3, 4, 5, 0, 1, 2].map((i) => expected[i])
    t.strictSame(await store.unfinished(), oldestFirst)
  })

  await subtest('how servers end', async (t, store, reopen) => {
    const again = async () => {
      await store.close()
      store = await reopen()
      return (await store.begin()).inOrder
    }
    t.strictSame(await store.begin(), { inOrder: true }, 'the first server has none before it')
    const id = await addJob(store)
    t.equal(await store.update(id, { status: 'in_progress', deaths: 1 }, []), true)
    t.equal(await again(), false, 'closing the store is no end in order')
    t.match(await store.unfinished(), [{ job: { id, status: 'in_progress' }, deaths: 1 }])
    await store.endInOrder()
    t.equal(await again(), true)
    t.equal(await again(), false, 'an end in order counts once')
    await store.update(id, { deaths: 0 }, [])
    t.match(await store.unfinished(), [{ deaths: 0 }])
    await store.update(id, ...ending('completed', 2))
    t.equal(await store.update(id, { deaths: 5 }, []), false, 'a job that has ended is not counted')
  })

  await subtest('delete', async (t, store) => {
    const [id, other] = [await addJob(store), await addJob(store)]
    await store.append([{ id, events: logged(2, ...Array<JobEvent>(1000).fill(text('x'))) }])
    t.equal(await store.delete(id), true)
    t.equal(await store.delete(id), false)
    await gone(t, store, id)
    await store.append([{ id, events: logged(1002, text('late')) }])
    t.equal(await store.update(id, { status: 'failed' }, []), false)
    t.strictSame(await store.events(id, 0, 10), [])
    t.equal((await store.events(other, 0, 10)).length, 1)
    await store.create(jobWith({ id }), 'anew', queued)
    t.strictSame(await store.events(id, 0, 10), [queued])
    t.equal((await store.request(id))?.request, 'anew')
  })

  await subtest('prune', async (t, store) => {
    const kept = await addJob(store)
    const key = { key: 'k', hash: 'h' }
    const expired: string[] = []
    for (let i = 0; i < 30; i++) {
      const job = jobWith()
      await store.create(job, {}, queued, i === 0 ? key : undefined)
      await store.append([{ id: job.id, events: logged(2, ...Array<JobEvent>(20).fill(text('x'))) }])
      const [change, events] = ending('completed', 22)
      await store.update(job.id, { ...change, expiresAt: epoch + i }, events)
      expired.push(job.id)
    }
    t.equal(await store.prune(epoch - 1), 0)
    t.equal(await store.prune(epoch + 9), 10, 'the time itself counts as past')
    for (const id of expired.slice(0, 10)) await gone(t, store, id)
    t.equal((await store.events(expired[10]!, 0, 99)).length, 22)
    t.equal((await store.create(jobWith(), {}, queued, key)).created, true, 'its key is forgotten as well')
    const [one, two] = await Promise.all([store.prune(epoch + 99), store.prune(epoch + 99)])
    t.equal(one + two, 20, 'two at once count each job once')
    t.ok(await store.get(kept))
    t.equal((await store.health()).jobs, 2)
  })

  await subtest('webhooks', async (t, store, reopen) => {
    const hook = (url: string, members: Partial<Job> = {}) => addJob(store, { view: { ignored: [], webhookUrl: url }, ...members })
    const due = (now = epoch + 1000) => store.webhooks.due(now, 100, 100)
    t.equal(await store.webhooks.nextAt(), null)
    await store.update(await addJob(store), ...ending('completed', 2))
    t.strictSame(await due(), [], 'who asked for none gets none')

    const id = await hook('https://a.example/x?y#z')
    await store.update(id, { status: 'in_progress' }, [])
    t.strictSame(await due(Date.now()), [], 'work is no news')
    await store.update(id, ...ending('completed', 2))
    const [first] = await due()
    t.match(first, { id: /^msg_\w{24}$/, jobId: id, status: 'completed', url: 'https://a.example/x?y#z', at: epoch + 2, attempts: 0 })
    t.equal(await store.update(id, ...ending('failed', 3)), false)
    t.equal((await due()).length, 1, 'a job ends once')
    await t.rejects(store.update(await hook('https://bad.example/'), ending('completed', 2)[0], logged(7, text('gap'))))
    t.equal((await due()).length, 1, 'both are written or neither')

    await store.webhooks.postpone(first!.id, epoch + 500)
    t.strictSame(await due(epoch + 499), [])
    t.strictSame(await due(epoch + 500), [{ ...first, attempts: 1 }])
    t.equal(await store.webhooks.nextAt(), epoch + 500)

    t.equal(await store.prune(epoch + 2000), 1, 'what is still to be sent keeps its job')
    t.ok(await store.get(id))
    await store.close()
    store = await reopen()
    t.strictSame(await due(), [{ ...first, attempts: 1 }], 'still there after reopening')
    await store.webhooks.remove(first!.id)
    t.equal(await store.webhooks.nextAt(), null)
    t.equal(await store.prune(epoch + 2000), 1)

    const reviewed = await hook('https://a.example/')
    await store.update(reviewed, { status: 'requires_action' }, [])
    await store.update(reviewed, { status: 'requires_action', attempts: 2 }, [])
    await store.update(reviewed, { status: 'in_progress' }, [])
    await store.update(reviewed, ...ending('cancelled', 2))
    t.strictSame((await due(Date.now())).map(({ status }) => status).sort(), ['cancelled', 'requires_action'])
    await store.delete(reviewed)
    t.strictSame(await due(Date.now()), [], 'a forgotten job has nothing to say')

    for (let i = 0; i < 12; i++)
      await store.update(await hook(`http://${i < 9 ? 'busy' : `h${i}`}.example:81/${i}`), ...ending('failed', 2))
    const hosts = async (perHost: number, limit: number) =>
      (await store.webhooks.due(epoch + 9, perHost, limit)).map(({ url }) => new URL(url).hostname).sort()
    t.strictSame(await hosts(2, 100), ['busy.example', 'busy.example', 'h10.example', 'h11.example', 'h9.example'])
    t.strictSame(await hosts(9, 4), ['busy.example', 'h10.example', 'h11.example', 'h9.example'], 'each in its turn')
    t.equal(await store.prune(epoch + 72 * 3600 * 1000), 12, 'but not for ever')
    t.equal(await store.webhooks.nextAt(), null)
  })

  await subtest('what was acknowledged is there after reopening', async (t, store, reopen) => {
    const job = jobWith()
    await store.create(job, { prompt: 'p' }, queued, { key: 'k', hash: 'h' })
    await store.update(job.id, { status: 'in_progress', startedAt: 5 }, logged(2, text('a')))
    await store.append([{ id: job.id, events: logged(3, text('b')) }])
    const gone = await addJob(store)
    await store.delete(gone)
    const before = [await store.get(job.id), await store.events(job.id, 0, 9), await store.unfinished()]
    await store.close()
    await t.rejects(store.get(job.id), { message: /closed/ })

    const again = await reopen()
    t.strictSame([await again.get(job.id), await again.events(job.id, 0, 9), await again.unfinished()], before)
    t.strictSame((await again.request(job.id))?.request, { prompt: 'p' })
    t.equal(await again.get(gone), null)
    t.match(await again.create(jobWith(), {}, queued, { key: 'k', hash: 'h' }), { created: false, sameBody: true })
    t.equal(await again.update(job.id, ...ending('completed', 4)), true)
    t.match(await again.health(), { jobs: 1 })
  })
}

async function gone(t: Test, store: JobStore, id: string): Promise<void> {
  const left = [await store.get(id), await store.request(id), await store.events(id, 0, 9)]
  t.strictSame(left, [null, null, []])
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
