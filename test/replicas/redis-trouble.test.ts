/** Redis that is away, full, empty, or none that jobs can be kept on. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { startServer } from '../chaos/server-process.js'
import { startRedis, withRedis } from '../redis.js'
import { message } from '../standin/index.js'
import { chat, startCluster } from './cluster.js'

const words = Array.from({ length: 30 }, (_, index) => ` w${index}`)
const standin = {
  fallback: () => message([{ type: 'text' as const, deltas: words }], { pace: { firstTokenDelayMs: 50, tokenDelayMs: 150 } }),
}

await t.test('away for less than 10 s: no client sees an error', withRedis, async (t) => {
  const cluster = await startCluster(t, { servers: 2, standin })
  const [a, b] = cluster.servers as [(typeof cluster.servers)[0], (typeof cluster.servers)[0]]
  const streams = [a, b].map((server) => cluster.post(server, '/v1/chat/completions', chat('hi', { stream: true })))
  await sleep(1000)
  await cluster.redis.kill()
  const late = cluster.post(a, '/v1/chat/completions', chat('asked while it was away'))
  await sleep(3000)
  await cluster.redis.start()
  for (const stream of streams) {
    const text = await (await stream).text()
    t.match(text, /"finish_reason":"stop"/)
    const said = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece).join('')
    t.equal(said, words.join(''), 'no gap, no repeat')
  }
  t.match(await (await late).json(), { choices: [{ message: { content: words.join('') } }] })
})

await t.test('away for longer', withRedis, async (t) => {
  const cluster = await startCluster(t, { servers: 1, standin })
  const [a] = cluster.servers as [(typeof cluster.servers)[0]]
  await cluster.redis.kill()
  const from = Date.now()
  const refused = await cluster.post(a, '/v1/chat/completions', chat('hi'))
  t.equal(refused.status, 503)
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  t.match(await refused.json(), { error: { code: 'store_unavailable' } })
  const waited = Date.now() - from
  t.ok(waited > 9000 && waited < 30_000, `${waited} ms`)
  const again = Date.now()
  t.equal((await cluster.post(a, '/tasks', chat('hi'))).status, 503)
  t.ok(Date.now() - again < 8000, 'known from now on')
  t.match(await (await cluster.get(a, '/health/ready')).json(), { ready: false, checks: { store: { ok: false } } })
  await cluster.redis.start()
  await sleep(1500)
  t.equal((await cluster.post(a, '/v1/chat/completions', chat('hi'))).status, 200)
  await sleep(1500)
  const list = (await (await cluster.get(a, '/tasks')).json()) as { data: unknown[] }
  t.equal(list.data.length, 1, 'what was refused was not done later')
})

await t.test('its data lost', withRedis, async (t) => {
  const cluster = await startCluster(t, { servers: 2, standin })
  const [a, b] = cluster.servers as [(typeof cluster.servers)[0], (typeof cluster.servers)[0]]
  const { id } = (await (await cluster.post(a, '/tasks', chat('hi'))).json()) as { id: string }
  await cluster.get(b, `/tasks/${id}?wait=10`)
  const events = [...(await (await cluster.get(b, `/tasks/${id}/events`)).text()).matchAll(/^id: (\d+)$/gm)]
  const last = Number(events.at(-1)![1])
  t.ok(last > 10)
  await cluster.client.xtrim(`claude-bridge:log:${id}`, 'MAXLEN', 2)
  await cluster.client.hset(`claude-bridge:job:${id}`, 'lastSeq', 2, 'status', 'in_progress')
  const resumed = await cluster.get(b, `/tasks/${id}/events?starting_after=${last - 1}`)
  t.equal(resumed.status, 410)
  t.match(await resumed.json(), { error: { code: 'log_lost' } })
  t.match(await (await cluster.get(b, '/metrics')).text(), /bridge_log_lost_total 1/)

  const stream = cluster.post(a, '/v1/chat/completions', chat('hi', { stream: true }))
  const head = await stream
  await sleep(500)
  await cluster.client.flushall()
  const text = await head.text()
  t.match(text, /log_lost|interrupted|store/, 'a stream is told')
  t.equal((await cluster.post(b, '/v1/chat/completions', chat('hi'))).status, 200, 'and the servers go on')
})

await t.test('full', withRedis, async (t) => {
  const cluster = await startCluster(t, { servers: 1, standin })
  const [a] = cluster.servers as [(typeof cluster.servers)[0]]
  const { id } = (await (await cluster.post(a, '/tasks', chat('hi'))).json()) as { id: string }
  await cluster.get(a, `/tasks/${id}?wait=10`)
  await cluster.client.config('SET', 'maxmemory', '1mb')
  const refused = await cluster.post(a, '/tasks', chat('hi'))
  t.equal(refused.status, 503)
  t.match(await refused.json(), { error: { code: 'store_full' } })
  t.match(await (await cluster.get(a, '/health/ready')).json(), { ready: false, checks: { store: { ok: false } } })
  t.equal((await fetch(`${a.url}/tasks/${id}`, { method: 'DELETE' })).status, 200, 'what is there can be deleted')
  await cluster.client.config('SET', 'maxmemory', '0')
  await sleep(1100)
  t.equal((await cluster.post(a, '/v1/chat/completions', chat('hi'))).status, 200)
})

await t.test('what is said at the start', withRedis, async (t) => {
  const env = { DATA_DIR: t.testdir(), ANTHROPIC_API_KEY: 'none' }
  const careless = await startRedis(t, ['--appendonly', 'no', '--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'])
  const operator = new Redis(careless.url)
  await operator.config('SET', 'requirepass', 's3cret')
  operator.disconnect()
  const lines: string[] = []
  const server = await startServer({ ...env, STORE_URL: careless.url.replace('//', '//:s3cret@') }, undefined, undefined, (line) =>
    lines.push(line),
  )
  t.teardown(() => server.stop())
  const health = (await (await fetch(`${server.url}/health`)).json()) as { store: { warnings: string[] } }
  t.match(health.store.warnings, [/appendonly no/, /maxmemory-policy allkeys-lru/])
  t.match(lines.join('\n'), /appendonly yes/)
  t.notMatch(lines.join('\n') + JSON.stringify(health), /s3cret/)

  const refused = async (url: string) => {
    const error = await startServer({ ...env, DATA_DIR: t.testdir({ other: {} }) + '/other', STORE_URL: url }).then(
      async (started) => (await started.stop(), null),
      (error: Error) => error.message,
    )
    t.notMatch(error, /s3cret/)
    return error
  }
  t.match(await refused(careless.url.replace('//', '//:wrong-s3cret@')), /the server ended at once/)
  t.match(await refused('redis://:s3cret@127.0.0.1:1'), /the server ended at once/)
  t.match(await refused('postgres://u:s3cret@h/d'), /the server ended at once/)
  const cluster = await startRedis(t, ['--cluster-enabled', 'yes'])
  t.match(await refused(cluster.url), /the server ended at once/)
})
