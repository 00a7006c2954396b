/** The sender on the real store, against receivers that fail in every way. */
import t, { type Test } from 'tap'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import type { JobStore } from '../../src/jobs/store.js'
import { createPublicAgent } from '../../src/net/public-agent.js'
import { isTrustedHost, readAllowedHosts } from '../../src/net/allowed-hosts.js'
import { readWebhookSecret } from '../../src/webhooks/secret.js'
import { WebhookSender } from '../../src/webhooks/sender.js'
import { until } from '../helper.js'
import { ending, jobWith, put, queued, text } from '../jobs/conformance/records.js'
import { temporary } from '../jobs/sqlite/helpers.js'
import { secret, startReceiver } from './receiver.js'

// thousands of writes that wait for the disk
t.setTimeout(170_000)

interface Sending {
  sender: WebhookSender
  troubles: string[]
}

function startSender(t: Test, store: JobStore, allowedText: string, delays: readonly number[]): Sending {
  const allowed = readAllowedHosts(allowedText)
  const agent = createPublicAgent({ trusted: (hostname) => isTrustedHost(hostname, allowed) })
  const troubles: string[] = []
  const onTrouble = (message: string) => void troubles.push(message)
  const sender = new WebhookSender({ store, agent, secret: readWebhookSecret(secret), allowed, delays, onTrouble })
  t.teardown(async () => {
    await sender.close()
    await agent.destroy()
  })
  sender.wake()
  return { sender, troubles }
}

async function openStore(t: Test): Promise<JobStore> {
  const store = await openSqliteStore({ dataDir: temporary(t) })
  t.teardown(() => store.close())
  return store
}

/** A job that has ended. */
async function ended(store: JobStore, webhookUrl: string): Promise<string> {
  const job = jobWith({ view: { ignored: [], webhookUrl } })
  await store.create(job, {}, queued)
  await put(store, job.id, ending('completed'))
  return job.id
}

const empty = async (store: JobStore) => (await store.webhooks.nextAt()) === null

async function untilEmpty(store: JobStore, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms
  while (!(await empty(store))) {
    if (Date.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return true
}

await t.test('a thousand to a receiver that fails half of the time', async (t) => {
  const receiver = await startReceiver(t, (response, n) => {
    switch (n % 8) {
      case 0:
        return void response.writeHead(500).end('no')
      case 1:
        return void response.destroy()
      case 2:
        return void response.socket!.resetAndDestroy()
      case 3:
        // taken, but nobody gets to know
        return void setTimeout(() => response.destroy(), 20)
      default:
        return void response.writeHead(200).end('ok')
    }
  })
  const store = await openStore(t)
  const ids = await Promise.all(Array.from({ length: 1000 }, () => ended(store, receiver.url)))
  const { troubles } = startSender(t, store, '127.0.0.1', Array<number>(40).fill(50))
  t.ok(await untilEmpty(store, 120_000), 'all are off')
  const told = new Set(receiver.calls.map(({ event }) => event.data.id))
  t.same(
    ids.filter((id) => !told.has(id)),
    [],
    'each at least once',
  )
  t.same(receiver.wrong, [], 'each with a signature that holds')
  const byJob = new Map(receiver.calls.map(({ event, id }) => [event.data.id, id]))
  t.ok(
    receiver.calls.every(({ event, id }) => byJob.get(event.data.id) === id),
    'with the same id at every try',
  )
  t.equal(byJob.size, new Set(byJob.values()).size)
  t.ok(receiver.most() <= 4, `${receiver.most()} at once`)
  t.same(troubles, [])
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
