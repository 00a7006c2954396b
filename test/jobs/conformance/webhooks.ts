import type { Job } from '../../../src/jobs/job.js'
import { Superseded } from '../../../src/jobs/store.js'
import { addJob, ending, epoch, logged, put, running, writeOf } from './records.js'
import type { Theme } from './theme.js'

export const webhooks: Theme = async (subtest) => {
  await subtest('webhooks', async (t, store, reopen) => {
    const hook = (url: string, members: Partial<Job> = {}) => addJob(store, { ttlS: 1, view: { ignored: [], webhookUrl: url }, ...members })
    const due = (now = epoch + 1000) => store.webhooks.due(now, 100, 100)
    t.equal(await store.webhooks.nextAt(), null)
    await put(store, await addJob(store, { ttlS: 1 }), ending('completed'))
    t.strictSame(await due(), [], 'who asked for none gets none')

    const id = await hook('https://a.example/x?y#z')
    await put(store, id, running)
    t.strictSame(await due(Date.now()), [], 'work is no news')
    await put(store, id, ending('completed'))
    const [first] = await due()
    t.match(first, { id: /^msg_\w{24}$/, jobId: id, status: 'completed', url: 'https://a.example/x?y#z', at: epoch + 3, attempts: 0 })
    t.ok((await store.append([await writeOf(store, id, [ending('failed')])]))[0] instanceof Superseded)
    t.equal((await due()).length, 1, 'a job ends once')
    const bad = await writeOf(store, await hook('https://bad.example/'), [ending('completed')])
    t.ok((await store.append([{ ...bad, events: logged(7, ending('completed')) }]))[0] instanceof Error)
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
    await put(store, reviewed, running, { type: 'review', reason: 'r' })
    await put(store, reviewed, { type: 'attempt', choice: 0, attempt: 2, reason: 'r' })
    await put(store, reviewed, { type: 'status', status: 'queued' }, running)
    await put(store, reviewed, ending('cancelled'))
    t.strictSame((await due(Date.now())).map(({ status }) => status).sort(), ['cancelled', 'requires_action'])
    await store.delete(reviewed)
    t.strictSame(await due(Date.now()), [], 'a forgotten job has nothing to say')

    for (let i = 0; i < 12; i++) await put(store, await hook(`http://${i < 9 ? 'busy' : `h${i}`}.example:81/${i}`), ending('failed'))
    const hosts = async (perHost: number, limit: number) =>
      (await store.webhooks.due(epoch + 9, perHost, limit)).map(({ url }) => new URL(url).hostname).sort()
    t.strictSame(await hosts(2, 100), ['busy.example', 'busy.example', 'h10.example', 'h11.example', 'h9.example'])
    t.strictSame(await hosts(9, 4), ['busy.example', 'h10.example', 'h11.example', 'h9.example'], 'each in its turn')
    t.equal(await store.prune(epoch + 72 * 3600 * 1000), 12, 'but not for ever')
    t.equal(await store.webhooks.nextAt(), null)
  })
}
