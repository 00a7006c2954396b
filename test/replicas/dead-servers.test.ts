/** Servers that are killed, frozen or ended while they run jobs of others' clients. */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { ServerProcess } from '../chaos/server-process.js'
import { until } from '../helper.js'
import { withRedis } from '../redis.js'
import { message } from '../standin/index.js'
import { type Cluster, chat, runnerOf, startCluster } from './cluster.js'

interface Task {
  status: string
  error: { code: string } | null
  attempts: number
  result: { choices: { message: { content: string } }[] } | null
}

const words = Array.from({ length: 20 }, (_, index) => ` w${index}`)

/** Two servers and a job on one of them that has, or has not, begun to answer. @returns the one that runs it, and the other */
async function running(t: Test, cluster: Cluster, said: boolean, more: object = {}) {
  const marker = `${Math.random()}`
  const [a] = cluster.servers as [ServerProcess]
  const created = await cluster.post(a, '/tasks', chat(`${said ? 'fast' : 'slow'} ${marker}`, more))
  t.equal(created.status, 202)
  const { id } = (await created.json()) as { id: string }
  await until(() => cluster.standin.requests.some(({ body }) => JSON.stringify(body).includes(marker)))
  if (said) await saidSomething(cluster, a, id)
  const runner = await runnerOf(cluster, id)
  return { id, marker, runner, other: cluster.servers.find((server) => server !== runner && server.alive)! }
}

async function saidSomething(cluster: Cluster, server: ServerProcess, id: string): Promise<void> {
  const response = await cluster.get(server, `/tasks/${id}/events`)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  for (let text = ''; !text.includes(' w1'); text += (await reader.read()).value ?? '');
  await reader.cancel()
}

async function task(cluster: Cluster, server: ServerProcess, id: string, waitS = 0): Promise<Task> {
  return (await (await cluster.get(server, `/tasks/${id}?wait=${waitS}`)).json()) as Task
}

function cluster(t: Test, env: Record<string, string> = {}) {
  return startCluster(t, {
    env,
    standin: {
      fallback: ({ body }) => {
        const slow = JSON.stringify(body).includes('slow')
        return message([{ type: 'text', deltas: words }], { pace: { firstTokenDelayMs: slow ? 4000 : 50, tokenDelayMs: slow ? 5 : 300 } })
      },
    },
  })
}

await t.test('killed before anything was said: another server runs the job', withRedis, async (t) => {
  const servers = await cluster(t)
  const { id, runner, other } = await running(t, servers, false)
  const stream = servers.get(other, `/tasks/${id}/events`).then((response) => response.text())
  const from = Date.now()
  await runner.kill()
  const ended = await task(servers, other, id, 60)
  t.match(ended, { status: 'completed', attempts: 2, result: { choices: [{ message: { content: words.join('') } }] } })
  t.ok(Date.now() - from < 60_000, `${Date.now() - from} ms`)
  const ids = [...(await stream).matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq))
  t.strictSame(
    ids,
    Array.from({ length: ids.length }, (_, index) => index + 1),
    'the reader of the other server missed nothing',
  )
  t.match(await stream, /"type":"task.end"|event: end/)
})

await t.test('killed in the middle of the answer: it ends as interrupted', withRedis, async (t) => {
  const servers = await cluster(t)
  const { id, runner, other } = await running(t, servers, true)
  const from = Date.now()
  await runner.kill()
  const ended = await task(servers, other, id, 60)
  t.match(ended, { status: 'failed', error: { code: 'interrupted' } })
  t.ok(Date.now() - from < 45_000, `${Date.now() - from} ms`)
})

await t.test('frozen for 30 s: the job ends once', withRedis, async (t) => {
  const servers = await cluster(t)
  const { id, runner, other } = await running(t, servers, true)
  process.kill(runner.pid, 'SIGSTOP')
  const ended = await task(servers, other, id, 60)
  t.match(ended, { status: 'failed', error: { code: 'interrupted' } })
  const before = await (await servers.get(other, `/tasks/${id}/events`)).text()
  process.kill(runner.pid, 'SIGCONT')
  await sleep(3000)
  t.equal(await (await servers.get(other, `/tasks/${id}/events`)).text(), before, 'what woke up wrote nothing')
  t.equal(await (await servers.get(runner, `/tasks/${id}/events`)).text(), before, 'and shows the same')
  t.match(await task(servers, runner, id), { status: 'failed', error: { code: 'interrupted' } })
  t.equal((await servers.post(runner, '/v1/chat/completions', chat('fast again'))).status, 200, 'it goes on')
})

await t.test('cancelled through another server', withRedis, async (t) => {
  const servers = await cluster(t)
  const { id, other } = await running(t, servers, true)
  const from = Date.now()
  const answer = await servers.post(other, `/tasks/${id}/cancel`, {})
  t.match(await answer.json(), { status: 'cancelled' })
  t.ok(Date.now() - from < 10_000, `${Date.now() - from} ms`)
})

await t.test('ended in order: a background job that has said nothing goes on elsewhere, one that has ends', withRedis, async (t) => {
  const servers = await cluster(t, { DRAIN_S: '1' })
  const silent = await running(t, servers, false)
  const stopped = silent.runner
  const said = await running(t, servers, true)
  const other = servers.servers.find((server) => server !== stopped)!
  await stopped.stop()
  t.match(await task(servers, other, silent.id, 30), { status: 'completed', attempts: 2 })
  const ended = await task(servers, other, said.id, 30)
  if (said.runner === stopped) t.match(ended, { status: 'failed', error: { code: 'server_shutdown' } })
  else t.match(ended, { status: 'completed' })
})

await t.test('a client whose server is killed takes its job along', withRedis, async (t) => {
  const servers = await cluster(t)
  const [a, b] = servers.servers as [ServerProcess, ServerProcess]
  // until one runs on the other server than its client's
  for (let tries = 0; tries < 10; tries++) {
    const marker = `slow ${Math.random()}`
    const asked = servers.post(a, '/v1/chat/completions', chat(marker)).catch(() => null)
    await until(() => servers.standin.requests.some(({ body }) => JSON.stringify(body).includes(marker)))
    const list = (await (await servers.get(b, '/tasks?status=in_progress&limit=1')).json()) as { data: { id: string }[] }
    const { id } = list.data[0]!
    if ((await runnerOf(servers, id)) === b) {
      await a.kill()
      await asked
      t.match(await task(servers, b, id, 60), { status: /cancelled|completed/ })
      return
    }
    await asked
  }
  t.fail('no job ran on the other server')
})
