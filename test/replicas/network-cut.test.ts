/** A server whose line to Redis is cut in the middle of its jobs, while the others go on. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { follow } from '../chaos/replicas-reader.js'
import type { ServerProcess } from '../chaos/server-process.js'
import { until } from '../helper.js'
import { withRedis } from '../redis.js'
import { message } from '../standin/index.js'
import { chat, runnerOf, startCluster } from './cluster.js'
import { openLine } from './cut-proxy.js'

interface Task {
  status: string
  attempts: number
  error: { code: string } | null
}

const words = Array.from({ length: 10 }, (_, index) => ` w${index}`)
const jobs = 16
/** longer than a server is patient with Redis, and than others wait for a server */
const cutMs = 25_000

await t.test('cut off for longer than the others wait: each job ends once, and none is lost', withRedis, async (t) => {
  const cluster = await startCluster(t, {
    servers: 1,
    atOnce: jobs,
    standin: {
      fallback: ({ body }) => {
        const speaks = JSON.stringify(body).includes('speaks')
        // those that speak are in the middle of their answer when the line is cut, the others have said nothing
        return message([{ type: 'text', deltas: words }], {
          pace: { firstTokenDelayMs: speaks ? 0 : 6000, tokenDelayMs: speaks ? 1000 : 100 },
        })
      },
    },
  })
  const [whole] = cluster.servers as [ServerProcess]
  const line = await openLine(t, cluster.redis.port)
  const off = await cluster.start({ STORE_URL: `redis://127.0.0.1:${line.port}` })
  const urls = [whole.url]
  const asked = Array.from({ length: jobs }, async (_, index) => {
    const created = await cluster.post(index % 2 === 0 ? whole : off, '/tasks', chat(`${index % 4 < 2 ? 'speaks' : 'silent'} ${index}`))
    t.equal(created.status, 202)
    return ((await created.json()) as { id: string }).id
  })
  const ids = await Promise.all(asked)
  const readings = ids.map((id) => follow(urls, 0, id))
  t.ok(await until(() => cluster.standin.requests.length === jobs), 'all have asked the model')
  await sleep(1500)
  const runners = await Promise.all(ids.map((id) => runnerOf(cluster, id)))
  const its = ids.filter((_, at) => runners[at] === off)
  t.ok(its.length > 0 && its.length < jobs, `${its.length} of ${jobs} run on the server that is cut off`)
  line.cut()
  await sleep(cutMs)
  t.equal((await cluster.get(off, '/health/ready')).status, 503, 'it says that it is not ready')
  line.mend()
  const tasks = await Promise.all(ids.map(async (id) => (await (await cluster.get(whole, `/tasks/${id}?wait=60`)).json()) as Task))
  for (const [at, task] of tasks.entries()) {
    const { events, ends, text, trouble } = await readings[at]!
    const what = `job ${at}, ${runners[at] === off ? 'cut off' : 'not cut off'}, ${at % 4 < 2 ? 'speaks' : 'silent'}`
    t.equal(trouble, null, what)
    t.equal(ends, 1, what)
    t.strictSame(
      events,
      events.map((_, index) => index + 1),
      what,
    )
    if (runners[at] !== off) t.match(task, { status: 'completed', attempts: 1 }, what)
    else if (at % 4 < 2) t.match(task, { status: 'failed', error: { code: 'interrupted' } }, what)
    else t.match(task, { status: 'completed', attempts: 2 }, what)
    if (task.status === 'completed') t.equal(text, words.join(''), what)
  }
  // what came through late changes nothing
  await sleep(2000)
  for (const [at, id] of ids.entries())
    t.strictSame(await follow([whole.url], 0, id), { ...(await readings[at]!), connections: 1 }, `job ${at} is as its reader saw it`)
  t.ok(await becomes(200, () => cluster.get(off, '/health/ready')), 'it is ready again')
  t.equal((await cluster.post(off, '/v1/chat/completions', chat('speaks again'))).status, 200, 'and goes on')
})

async function becomes(status: number, ask: () => Promise<Response>): Promise<boolean> {
  for (let tries = 0; tries < 50; tries++) {
    if ((await ask()).status === status) return true
    await sleep(200)
  }
  return false
}
