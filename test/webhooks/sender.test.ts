/** The sender on the real store, against receivers that fail in every way. */
import t from 'tap'
import type { JobStore } from '../../src/jobs/store.js'
import { gate, until } from '../helper.js'
import { ending, jobWith, put, queued, text } from '../jobs/conformance/records.js'
import { startReceiver } from './receiver.js'
import { ended, openStore, startSender, untilEmpty } from './sending.js'

t.setTimeout(120_000)

await t.test('more to one host than may be on their way at once', async (t) => {
  const receiver = await startReceiver(t)
  const store = await openStore(t)
  for (let n = 0; n < 12; n++) await ended(store, receiver.url)
  startSender(t, store, '127.0.0.1', [10])
  t.ok(await until(() => receiver.calls.length >= 12), 'those that were taken make room')
  t.ok(await untilEmpty(store, 20_000))
  t.equal(receiver.calls.length, 12)
  t.ok(receiver.most() <= 4, `${receiver.most()} at once`)
})

await t.test('one that is on its way is not sent again meanwhile', async (t) => {
  const { opened, open } = gate()
  const receiver = await startReceiver(t, (response) => void opened.then(() => response.writeHead(204).end()))
  const other = await startReceiver(t)
  const store = await openStore(t)
  await ended(store, receiver.url)
  const { sender } = startSender(t, store, '127.0.0.1', [10])
  t.ok(await until(() => receiver.calls.length === 1))
  await ended(store, other.url)
  sender.wake()
  t.ok(await until(() => other.calls.length === 1), 'the sender has looked again')
  open()
  t.ok(await untilEmpty(store, 20_000))
  t.equal(receiver.calls.length, 1)
})

await t.test('a dead host does not keep the others waiting', async (t) => {
  const hanging = await startReceiver(t, () => undefined)
  const quick = await startReceiver(t)
  const store = await openStore(t)
  for (let n = 0; n < 40; n++) await ended(store, hanging.url)
  for (let n = 0; n < 40; n++) await ended(store, quick.url)
  const { sender } = startSender(t, store, '127.0.0.1', [60_000])
  t.ok(await until(() => quick.calls.length === 40, 14_000), 'before the first call of the dead one is given up')
  t.ok(await until(() => hanging.calls.length >= 4))
  t.equal(hanging.calls.length, 4)
  await sender.close()
  const left = await store.webhooks.due(Date.now(), 100, 100)
  t.equal(left.filter(({ url }) => url === hanging.url).length, 40, 'what was on its way is still to be sent')
})

await t.test('given up', async (t) => {
  const failing = await startReceiver(t, (response) => void response.writeHead(503).end())
  const gone = await startReceiver(t, (response) => void response.writeHead(410).end())
  const store = await openStore(t)
  await ended(store, failing.url)
  await ended(store, gone.url)
  const { troubles } = startSender(t, store, '127.0.0.1', [10, 10])
  t.ok(await untilEmpty(store, 30_000))
  t.equal(failing.calls.length, 3, 'as often as agreed')
  t.equal(gone.calls.length, 1, 'at once where it is not wanted')
  t.same(troubles.map((line) => line.slice(-10)).sort(), ['status 410', 'status 503'])
  t.notMatch(troubles.join(), /\/hook/, 'an address may have a secret in its path')
})

await t.test('nobody else is called', async (t) => {
  const inner = await startReceiver(t)
  const store = await openStore(t)
  const moved = await startReceiver(t, (response) => void response.writeHead(307, { location: inner.url }).end())
  await ended(store, moved.url)
  // allowed when they were asked for, no longer
  await ended(store, inner.url)
  await ended(store, inner.url.replace('127.0.0.1', '2130706433'))
  // a name on the list that means this machine
  await ended(store, inner.url.replace('127.0.0.1', 'a.localhost'))
  startSender(t, store, `127.0.0.1:${moved.port},*.localhost`, [10])
  t.ok(await untilEmpty(store, 20_000))
  t.equal(moved.calls.length, 2, 'a redirect is a failure')
  t.same(inner.calls, [])
})

await t.test('a long result is left out', async (t) => {
  const receiver = await startReceiver(t)
  const store = await openStore(t)
  for (const length of [1000, 2_000_000]) {
    const job = jobWith({ view: { ignored: [], webhookUrl: receiver.url } })
    await store.create(job, {}, queued)
    await put(store, job.id, text('é'.repeat(length)), { type: 'finish', choice: 0, reason: 'stop' }, ending('completed'))
  }
  startSender(t, store, '127.0.0.1', [10])
  t.ok(await until(() => receiver.calls.length === 2))
  const [short, long] = receiver.calls.map(({ event }) => event.data).sort((a) => (a.result === null ? 1 : -1))
  t.match(short, { status: 'completed', result: { choices: [{ message: { content: /^é+$/ } }] } })
  t.match(long, { status: 'completed', result: null, result_omitted: true })
})

await t.test('a store that fails is asked again', async (t) => {
  const receiver = await startReceiver(t)
  const real = await openStore(t)
  let failures = 2
  const failing: JobStore = {
    ...real,
    webhooks: {
      ...real.webhooks,
      async due(...given) {
        if (failures-- > 0) throw new Error('the disk is full')
        return real.webhooks.due(...given)
      },
    },
  }
  await ended(real, receiver.url)
  const { troubles } = startSender(t, failing, '127.0.0.1', [10])
  t.ok(await until(() => receiver.calls.length === 1, 20_000))
  t.same(troubles, ['webhooks could not be read', 'webhooks could not be read'])
})
