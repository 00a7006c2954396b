/** Jobs, calls and files of one server as another one shows them; servers of other versions. */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { RedisConnection } from '../../src/jobs/redis/connection.js'
import { RedisFiles } from '../../src/replicas/files.js'
import { requestFormat } from '../../src/request/stored.js'
import { until } from '../helper.js'
import { startRedis, withRedis } from '../redis.js'
import { hang, message } from '../standin/index.js'
import { chat, runnerOf, startCluster } from './cluster.js'

await t.test('a task that runs elsewhere shows its progress', withRedis, async (t) => {
  const deltas = Array.from({ length: 30 }, () => 'word ')
  const cluster = await startCluster(t, {
    standin: { fallback: () => message([{ type: 'text', deltas }], { pace: { tokenDelayMs: 100 } }) },
  })
  const { id } = (await (await cluster.post(cluster.servers[0]!, '/tasks', chat('hi'))).json()) as { id: string }
  await until(() => cluster.standin.requests.length > 0)
  const runner = await runnerOf(cluster, id)
  const other = cluster.servers.find((server) => server !== runner)!
  await sleep(800)
  for (const route of [`/tasks/${id}`, '/tasks']) {
    const body = (await (await cluster.get(other, route)).json()) as { data?: unknown[] }
    const shown = (body.data?.[0] ?? body) as { progress: { characters: number } | null }
    t.match(shown, { id, status: 'in_progress', progress: { phase: 'answering' } })
    t.ok((shown.progress?.characters ?? 0) >= 10, route)
  }
})

await t.test('a task that says much is cancelled through another server', withRedis, async (t) => {
  const deltas = Array.from({ length: 3000 }, () => 'word ')
  const cluster = await startCluster(t, { standin: { fallback: () => message([{ type: 'text', deltas }], { pace: { tokenDelayMs: 5 } }) } })
  const { id } = (await (await cluster.post(cluster.servers[0]!, '/tasks', chat('hi'))).json()) as { id: string }
  await until(() => cluster.standin.requests.length > 0)
  const runner = await runnerOf(cluster, id)
  const other = cluster.servers.find((server) => server !== runner)!
  await sleep(500)
  t.match(await (await cluster.post(other, `/tasks/${id}/cancel`, {})).json(), { status: 'cancelled' })
  for (const server of cluster.servers) t.equal((await cluster.get(server, '/health/ready')).status, 200, 'both go on')
})

await t.test('a call of the MCP server is cancelled through another server', withRedis, async (t) => {
  const cluster = await startCluster(t, { standin: { fallback: () => hang(1) } })
  const [a, b] = cluster.servers as [(typeof cluster.servers)[0], (typeof cluster.servers)[0]]
  const session = { 'mcp-session-id': 'mine', accept: 'application/json, text/event-stream' }
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask', arguments: { question: 'hi', model: 'direct' } } }
  const answer = cluster.post(a, '/mcp', call, session)
  await until(() => cluster.standin.requests.length > 0)
  const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
  await cluster.post(b, '/mcp', cancelled, { ...session, 'mcp-session-id': 'other' })
  await sleep(300)
  t.equal(cluster.standin.requests[0]!.endedAt, undefined, 'not by another session')
  await cluster.post(b, '/mcp', cancelled, session)
  t.match(await (await answer).text(), /cancelled/)
})

await t.test('files in Redis', withRedis, async (t) => {
  const { url } = await startRedis(t)
  const connection = await RedisConnection.open({ url })
  t.teardown(() => connection.close())
  const files = new RedisFiles(connection)
  const work = t.testdir({ a: { 'b.txt': 'bé' }, empty: '' })
  t.strictSame(await files.keep('task_1', work), [
    { path: 'a/b.txt', bytes: 3 },
    { path: 'empty', bytes: 0 },
  ])
  t.strictSame(await files.keep('task_1', work, 'choice-1/'), [
    { path: 'choice-1/a/b.txt', bytes: 3 },
    { path: 'choice-1/empty', bytes: 0 },
  ])
  const other = new RedisFiles(await RedisConnection.open({ url }).then((opened) => (t.teardown(() => opened.close()), opened)))
  const found = await other.open('task_1', 'a/b.txt')
  t.equal(found?.bytes, 3)
  t.equal(await text(found!.content), 'bé', 'through another server')
  t.equal(await text((await other.open('task_1', 'empty'))!.content), '')
  for (const path of ['none', '../a/b.txt', '/bytes']) t.equal(await other.open('task_1', path), null, path)
  const large = t.testdir({ large: 'x'.repeat(40 * 1024 * 1024) })
  await files.keep('task_2', large)
  await t.rejects(files.keep('task_2', large, 'again/'), /FILES_DIR/, 'up to 64 MB of a task')
  await files.sweep(async (ids) => new Set(ids.filter((id) => id === 'task_1')))
  t.equal(await files.open('task_2', 'large'), null, 'what belongs to no task goes')
  await files.forget('task_1')
  t.strictSame(await connection.commands.keys('*files:*'), [])
})

await t.test('servers of two formats: each takes what it can read, and leaves the rest', withRedis, async (t) => {
  const cluster = await startCluster(t, { servers: 1, standin: { fallback: () => message([{ type: 'text', deltas: ['fine'] }]) } })
  const [older] = cluster.servers as [(typeof cluster.servers)[0]]
  const program = newerBuild(t.testdir({}))
  const newer = await cluster.start({}, program)
  t.equal((await cluster.post(newer, '/v1/chat/completions', chat('hi'))).status, 200)
  t.equal((await cluster.post(older, '/v1/chat/completions', chat('hi'))).status, 200, 'and what the older one takes')
  await newer.kill()

  const { id } = (await (await cluster.post(older, '/tasks', chat('hi'))).json()) as { id: string }
  t.match(await (await cluster.get(older, `/tasks/${id}?wait=20`)).json(), { status: 'completed' })
  // a job of the newer format that waits
  await cluster.client.hset(`claude-bridge:job:${id}`, 'format', requestFormat + 1, 'status', 'queued')
  const [n, createdAt] = await cluster.client.hmget(`claude-bridge:job:${id}`, 'n', 'createdAt')
  await cluster.client.zadd('claude-bridge:jobs:queued', createdAt!, `${n}:${id}`)
  const asked = cluster.standin.requests.length
  await sleep(7000)
  t.equal(cluster.standin.requests.length, asked, 'the older one does not run it')
  t.equal(await cluster.client.hget(`claude-bridge:job:${id}`, 'status'), 'queued', 'and leaves it')
  await cluster.start({}, program)
  await until(() => cluster.standin.requests.length > asked)
  t.ok(cluster.standin.requests.length > asked, 'the newer one does')
})

/** A copy of what is built, whose format number is one higher. @returns its program */
function newerBuild(folder: string): string {
  const built = path.join(import.meta.dirname, '../..')
  const root = path.join(built, '..')
  for (const part of ['src', 'routes', 'mcp', 'workspace'])
    cpSync(path.join(built, part), path.join(folder, 'dist', part), { recursive: true })
  cpSync(path.join(root, 'package.json'), path.join(folder, 'package.json'))
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  mkdirSync(path.join(folder, 'routes'))
  cpSync(path.join(root, 'routes/dashboard.html'), path.join(folder, 'routes/dashboard.html'))
  const stored = path.join(folder, 'dist/src/request/stored.js')
  const now = readFileSync(stored, 'utf8')
  const next = now.replace(`requestFormat = ${requestFormat}`, `requestFormat = ${requestFormat + 1}`)
  if (next === now) throw new Error('the format number is not where it was')
  rmSync(stored)
  writeFileSync(stored, next)
  return path.join(folder, 'dist/src/server.js')
}
