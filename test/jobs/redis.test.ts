import { randomUUID } from 'node:crypto'
import t from 'tap'
import { openRedisStore } from '../../src/jobs/redis/store.js'
import { startRedis, withRedis } from '../redis.js'
import { conformance } from './conformance/index.js'

await t.test('conformance', withRedis, async (t) => {
  const { url } = await startRedis(t)
  await conformance(t, async () => {
    const own = `${url}?prefix=${randomUUID()}:`
    const store = await openRedisStore({ url: own })
    return { store, reopen: async () => (await store.close(), openRedisStore({ url: own })) }
  })
})
