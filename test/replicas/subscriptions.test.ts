import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { Subscriptions } from '../../src/replicas/subscriptions.js'
import { startRedis, withRedis } from '../redis.js'

await t.test('one listener that fails ends neither the others nor the server', withRedis, async (t) => {
  const { url } = await startRedis(t)
  const [subscriber, publisher] = [new Redis(url), new Redis(url)]
  t.teardown(() => [subscriber, publisher].forEach((redis) => redis.disconnect()))
  const troubles: string[] = []
  const subscriptions = new Subscriptions(subscriber, (message) => troubles.push(message))
  const heard: string[] = []
  subscriptions.listen('a', () => {
    throw new Error('broken')
  })
  const stop = subscriptions.listen('a', (message) => heard.push(message))
  await sleep(200)
  await publisher.publish('a', 'one')
  await publisher.publish('b', 'not for us')
  await sleep(200)
  t.equal(heard.at(-1), 'one')
  t.ok(troubles.length >= 1)
  stop()
  await publisher.publish('a', 'two')
  await sleep(100)
  t.equal(heard.at(-1), 'one', 'who has left hears nothing')
})
