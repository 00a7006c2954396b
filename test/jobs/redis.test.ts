import { randomUUID } from 'node:crypto'
import t from 'tap'
import { openRedisStore } from '../../src/jobs/redis/store.js'
import { startRedis, withRedis } from '../redis.js'
import { conformance } from './conformance/index.js'
import { addJob, ending, put } from './conformance/records.js'

await t.test('conformance', withRedis, async (t) => {
  const { url } = await startRedis(t)
  await conformance(t, async () => {
    const own = `${url}?prefix=${randomUUID()}:`
    const store = await openRedisStore({ url: own })
    return { store, reopen: async () => (await store.close(), openRedisStore({ url: own })) }
  })
})

await t.test('a webhook is sent by one server until its try is over', withRedis, async (t) => {
  const { url } = await startRedis(t)
  const [one, other] = [await openRedisStore({ url }), await openRedisStore({ url })]
  t.teardown(() => Promise.all([one.close(), other.close()]))
  const id = await addJob(one, { view: { ignored: [], webhookUrl: 'https://a.example/' } })
  await put(one, id, ending('completed'))
  const webhook = (await one.webhooks.due(Date.now(), 9, 9))[0]!.id
  t.strictSame([await one.webhooks.claim(webhook, 60_000), await other.webhooks.claim(webhook, 60_000)], [true, false])
  await one.webhooks.postpone(webhook, 0)
  t.strictSame([await other.webhooks.claim(webhook, 60_000), await one.webhooks.claim(webhook, 60_000)], [true, false], 'a try that failed')
  await other.webhooks.remove(webhook)
  t.strictSame(await one.webhooks.due(Date.now(), 9, 9), [])
})
