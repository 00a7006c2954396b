/** What several servers do together: lines, limits, keys, reviews, webhooks, cancellations. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { ServerProcess } from '../chaos/server-process.js'
import { withRedis } from '../redis.js'
import { message } from '../standin/index.js'
import { secret, startReceiver } from '../webhooks/receiver.js'
import { chat, startCluster } from './cluster.js'

const adminKey = 'an-admin-key-of-24-bytes'
type Two = [ServerProcess, ServerProcess]

function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` }
}

/** Answers with its first text, some time after the request. */
function standin(ms = 300) {
  return { fallback: () => message([{ type: 'text' as const, deltas: ['fine'] }], { pace: { firstTokenDelayMs: ms } }) }
}

await t.test('a ticket that is lost is made again', withRedis, async (t) => {
  const cluster = await startCluster(t, { servers: 2, standin: standin(1500), env: { UPSTREAMS: '' } })
  const [a] = cluster.servers as Two
  // neither server has a place: what waits has a ticket alone
  const busy = Array.from({ length: 4 }, () => cluster.post(a, '/tasks', chat('hi', { model: 'sonnet' })))
  await Promise.all(busy)
  const { id } = (await (await cluster.post(a, '/tasks', chat('hi', { model: 'sonnet' }))).json()) as { id: string }
  const tickets = await cluster.client.keys('claude-bridge:queue:*')
  await cluster.client.del(...tickets)
  t.match(await (await cluster.get(a, `/tasks/${id}?wait=60`)).json(), { status: 'completed' })
})

await t.test('limits hold for all servers together', withRedis, async (t) => {
  const cluster = await startCluster(t, { servers: 2, standin: standin(), env: { ADMIN_KEY: adminKey } })
  const [a, b] = cluster.servers as Two
  const make = async (limits: object) => {
    const made = await cluster.post(a, '/admin/keys', { name: `n${Math.random()}`, limits }, bearer(adminKey))
    t.equal(made.status, 201)
    await sleep(1000)
    return (await made.json()) as { id: string; key: string }
  }

  const { key } = await make({ requests_per_minute: 5 })
  const asked = await Promise.all(
    Array.from({ length: 12 }, (_, index) => cluster.post(index % 2 === 0 ? a : b, '/v1/chat/completions', chat('hi'), bearer(key))),
  )
  const taken = asked.filter(({ status }) => status === 200).length
  t.equal(taken, 5, 'five of twelve, through two servers')
  t.ok(asked.filter(({ status }) => status === 429).every(({ headers }) => Number(headers.get('retry-after')) > 0))

  const one = await make({ running: 1 })
  const from = cluster.standin.requests.length
  const tasks = await Promise.all(
    Array.from({ length: 4 }, async (_, index) => {
      const created = await cluster.post(index % 2 === 0 ? a : b, '/tasks', chat('hi'), bearer(one.key))
      return ((await created.json()) as { id: string }).id
    }),
  )
  const ended = await Promise.all(
    tasks.map(
      async (id) =>
        (await (await cluster.get(a, `/tasks/${id}?wait=20`, bearer(one.key))).json()) as {
          status: string
          started_at: number
          completed_at: number
        },
    ),
  )
  t.ok(ended.every(({ status }) => status === 'completed'))
  t.equal(cluster.standin.requests.length - from, 4)
  const spans = cluster.standin.requests.slice(from).map(({ at }) => Date.parse(at))
  t.ok(Math.max(...spans) - Math.min(...spans) >= 3 * 300, 'one after the other')

  const { id, key: gone } = await make({})
  t.equal((await cluster.get(b, '/v1/models', bearer(gone))).status, 200)
  t.equal((await fetch(`${a.url}/admin/keys/${id}`, { method: 'DELETE', headers: bearer(adminKey) })).status, 200)
  // within a second, where the machine is not busy
  let status = 200
  for (let tries = 0; tries < 50 && status !== 401; tries++) {
    await sleep(100)
    status = (await cluster.get(b, '/v1/models', bearer(gone))).status
  }
  t.equal(status, 401, 'refused everywhere')
})

await t.test("a provider's bound is one for all servers", withRedis, async (t) => {
  let inside = 0
  let most = 0
  const cluster = await startCluster(t, {
    servers: 2,
    standin: {
      fallback: async () => {
        most = Math.max(most, ++inside)
        await sleep(300)
        inside -= 1
        return message([{ type: 'text' as const, deltas: ['fine'] }])
      },
    },
  })
  const [a, b] = cluster.servers as Two
  const asked = await Promise.all(
    Array.from({ length: 16 }, (_, index) => cluster.post(index % 2 === 0 ? a : b, '/v1/chat/completions', chat('hi'))),
  )
  t.ok(asked.every(({ status }) => status === 200))
  t.equal(most, 4)
})

await t.test('owners take turns, through whichever server they ask', withRedis, async (t) => {
  const cluster = await startCluster(t, {
    servers: 2,
    standin: standin(250),
    env: { API_KEYS: 'anna:key-of-anna-1234567,bert:key-of-bert-1234567' },
  })
  const [a, b] = cluster.servers as Two
  const many = Array.from({ length: 40 }, () => cluster.post(a, '/tasks', chat('hi'), bearer('key-of-anna-1234567')))
  await Promise.all(many)
  const from = Date.now()
  t.equal((await cluster.post(b, '/v1/chat/completions', chat('hi'), bearer('key-of-bert-1234567'))).status, 200)
  const waited = Date.now() - from
  const left = (await (await cluster.get(b, '/tasks?status=queued&limit=100', bearer('key-of-anna-1234567'))).json()) as { data: unknown[] }
  t.ok(left.data.length > 5, `${left.data.length} of the others wait still, after ${waited} ms`)
})

await t.test('a review through another server; a webhook goes once', withRedis, async (t) => {
  const receiver = await startReceiver(t)
  const cluster = await startCluster(t, {
    servers: 3,
    standin: standin(50),
    env: { WEBHOOK_SECRET: secret, WEBHOOK_ALLOWED_HOSTS: '127.0.0.1' },
  })
  const [a, b] = cluster.servers as Two
  const checked = {
    validation: [{ type: 'json_string' }],
    retry_config: { max_attempts: 3, initial_delay: 0 },
    max_attempts_before_human: 1,
    webhook_url: receiver.url,
  }
  for (const [decision, status] of [
    ['approve', 'completed'],
    ['reject', 'failed'],
    ['retry', 'requires_action'],
  ] as const) {
    const { id } = (await (await cluster.post(a, '/tasks', chat('hi', checked))).json()) as { id: string }
    let task = { status: '' }
    for (let tries = 0; tries < 100 && task.status !== 'requires_action'; tries++) {
      task = (await (await cluster.get(b, `/tasks/${id}`)).json()) as { status: string }
      await sleep(50)
    }
    t.equal(task.status, 'requires_action')
    const both = await Promise.all([a, b].map((server) => cluster.post(server, `/tasks/${id}/review`, { decision })))
    t.strictSame(both.map((each) => each.status).sort(), [200, 409], `${decision}: one of two decides`)
    await sleep(1500)
    t.match(await (await cluster.get(a, `/tasks/${id}`)).json(), { status })
    const seen = receiver.calls.filter(({ event }) => event.data.id === id).map(({ event }) => event.type)
    t.strictSame(seen, ['task.requires_action', `task.${status}`], 'each change is told once')
  }
})

await t.test('a job is deleted through another server', withRedis, async (t) => {
  const cluster = await startCluster(t, { servers: 2, standin: standin(3000) })
  const [a, b] = cluster.servers as Two
  const { id } = (await (await cluster.post(a, '/tasks', chat('hi'))).json()) as { id: string }
  await sleep(500)
  const events = cluster.get(a, `/tasks/${id}/events`).then((response) => response.text())
  t.equal((await fetch(`${b.url}/tasks/${id}`, { method: 'DELETE' })).status, 200)
  t.match(await events, /cancelled/)
  t.equal((await cluster.get(a, `/tasks/${id}`)).status, 404)
  const left = await cluster.client.keys(`claude-bridge:*${id}*`)
  t.strictSame(
    left.filter((key) => !key.includes('clients')),
    [],
  )
})
