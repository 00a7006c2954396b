/** A server that is started again on its own directory, and what one that ends in order leaves in the line. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { nameOf } from '../../src/replicas/tickets.js'
import { requestFormat } from '../../src/request/stored.js'
import type { ServerProcess } from '../chaos/server-process.js'
import { gate, until } from '../helper.js'
import { withRedis } from '../redis.js'
import { message } from '../standin/index.js'
import { type Cluster, chat, startCluster } from './cluster.js'

/** A server in a directory of the test's own, with a task that it has begun and that has said nothing. The first call of the model is not answered before `open`. */
async function atWork(t: Test) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bridge-restart-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const { opened, open } = gate()
  let calls = 0
  const fallback = () => message('fine', calls++ === 0 ? { hold: { afterDeltas: 0, until: opened } } : {})
  const cluster = await startCluster(t, { servers: 1, standin: { fallback }, env: { DATA_DIR: folder, DRAIN_S: '0' } })
  t.teardown(open)
  const [first] = cluster.servers as [ServerProcess]
  const { id } = (await (await cluster.post(first, '/tasks', chat('hi'))).json()) as { id: string }
  await until(() => cluster.standin.requests.length > 0)
  return { cluster, first, id }
}

const ticketOf = (id: string) => `claude-bridge:queue:${nameOf(requestFormat, 'provider/door')}:${id}`

async function ended(cluster: Cluster, server: ServerProcess, id: string) {
  return (await (await cluster.get(server, `/tasks/${id}?wait=60`)).json()) as { status: string; attempts: number }
}

await t.test('killed, and started again: it does not wait for its own leases', withRedis, async (t) => {
  const { cluster, first, id } = await atWork(t)
  const runner = (await cluster.client.hget(`claude-bridge:job:${id}`, 'runner'))!
  await first.kill()
  // with these it would wait for ever
  t.equal(await cluster.client.persist(`claude-bridge:replica:${runner}`), 1)
  t.equal(await cluster.client.persist(`${ticketOf(id)}:lock`), 1)
  const second = await cluster.start()
  t.match(await ended(cluster, second, id), { status: 'completed', attempts: 2 })
})

await t.test('a directory that was copied elsewhere ends no server', withRedis, async (t) => {
  const { cluster, first, id } = await atWork(t)
  const runner = (await cluster.client.hget(`claude-bridge:job:${id}`, 'runner'))!
  await first.kill()
  await cluster.client.set(`claude-bridge:replica:${runner}`, 'another-machine')
  const second = await cluster.start()
  t.equal(await cluster.client.hget(`claude-bridge:job:${id}`, 'runner'), runner)
  t.equal(await cluster.client.get(`claude-bridge:replica:${runner}`), 'another-machine')
  await cluster.client.del(`claude-bridge:replica:${runner}`)
  t.match(await ended(cluster, second, id), { status: 'completed', attempts: 2 })
})

await t.test('ended in order: what it has given back is in the line when it has gone', withRedis, async (t) => {
  const { cluster, first, id } = await atWork(t)
  t.equal(await cluster.client.exists(`${ticketOf(id)}:lock`), 1)
  t.equal(await first.stop(), 0)
  t.equal(await cluster.client.exists(ticketOf(id)), 1)
  t.equal(await cluster.client.exists(`${ticketOf(id)}:lock`), 0, 'any server may take it')
  t.equal(await cluster.client.hget(`claude-bridge:job:${id}`, 'runner'), null)
  t.match(await ended(cluster, await cluster.start(), id), { status: 'completed', attempts: 2 })
})
