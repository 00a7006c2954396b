/** How much a job has said that runs on another server: by that a reader that takes nothing is dropped. */
import t from 'tap'
import { RedisConnection } from '../../src/jobs/redis/connection.js'
import { redisStoreOn } from '../../src/jobs/redis/store.js'
import { RedisReplicas } from '../../src/replicas/replicas.js'
import { ending, jobWith, put, queued, running, text } from '../jobs/conformance/records.js'
import { startRedis, withRedis } from '../redis.js'

await t.test('its events count, and nothing else of it', withRedis, async (t) => {
  const connection = await RedisConnection.open({ url: (await startRedis(t)).url })
  const replicas = new RedisReplicas({
    ...{ connection, lanes: () => [], runningOf: () => undefined, turnsOf: () => 1 },
    ...{ onKeys: () => {}, onTrouble: (message) => t.fail(message) },
  })
  const store = redisStoreOn(connection)
  t.teardown(async () => {
    await replicas.close()
    await store.close()
  })
  const job = jobWith({})
  await store.create(job, { words: 'x'.repeat(50_000) }, queued)
  await put(store, job.id, running)
  const begun = await replicas.saidOf(job.id)
  t.ok(begun < 1000, `${begun} bytes without the request`)
  await put(store, job.id, text('y'.repeat(10_000)))
  const said = await replicas.saidOf(job.id)
  t.ok(said - begun >= 10_000 && said - begun < 10_200, `${said - begun} bytes`)
  await put(store, job.id, ending('completed'))
  const over = await replicas.saidOf(job.id)
  t.ok(over - said < 1000, `${over - said} bytes of the end: the answer is no event`)
  t.equal(await replicas.saidOf('task_unknown'), 0)
})
