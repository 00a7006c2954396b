/** What a client sees of several servers on one Redis. */
import t from 'tap'
import { withRedis } from '../redis.js'
import { message } from '../standin/index.js'
import { chat, startCluster } from './cluster.js'

await t.test('three servers', withRedis, async (t) => {
  const pace = { firstTokenDelayMs: 50, tokenDelayMs: 20 }
  const cluster = await startCluster(t, {
    servers: 3,
    standin: { fallback: () => message([{ type: 'text', deltas: ['one', ' two', ' three'] }], { pace }) },
  })
  const [a, b, c] = cluster.servers as [(typeof cluster.servers)[0], (typeof cluster.servers)[0], (typeof cluster.servers)[0]]

  await t.test('block', async (t) => {
    const response = await cluster.post(a, '/v1/chat/completions', chat('hi'))
    t.equal(response.status, 200)
    t.match(await response.json(), { choices: [{ message: { content: 'one two three' }, finish_reason: 'stop' }] })
  })

  await t.test('stream', async (t) => {
    const response = await cluster.post(b, '/v1/chat/completions', chat('hi', { stream: true }))
    const text = await response.text()
    t.match(text, /"content":"one"/)
    t.match(text, /"finish_reason":"stop"/)
    t.match(text, /data: \[DONE\]\n\n$/)
  })

  await t.test('a task is read through any server', async (t) => {
    const created = await cluster.post(a, '/tasks', chat('hi'))
    t.equal(created.status, 202)
    const { id } = (await created.json()) as { id: string }
    const events = await Promise.all([a, b, c].map(async (server) => (await cluster.get(server, `/tasks/${id}/events`)).text()))
    t.equal(new Set(events).size, 1, 'the same events with the same numbers')
    t.match(events[0], /event: end|"type":"end"/)
    for (const server of [a, b, c]) {
      t.match(await (await cluster.get(server, `/tasks/${id}?wait=5`)).json(), { id, status: 'completed' })
      t.match(await (await cluster.get(server, '/tasks')).json(), { object: 'list' })
    }
  })
})
