/** The process ends in order: what runs is finished or told, nothing is left, and a second signal does not wait. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { ask, environment, gate, until } from '../helper.js'
import { FrameReader } from '../helper-sse.js'
import { type Server, startServer, temporary } from '../helper-server.js'
import { type Standin, contains, hang, message, startStandin } from '../standin/index.js'

interface Place {
  server: Server
  standin: Standin
  env: Record<string, string>
  post: (route: string, body: unknown) => Promise<Response>
  asked: (marker: string) => Promise<void>
}

async function start(t: Test, more: Record<string, string> = {}): Promise<Place> {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  const env = { ...environment(temporary(t), standin.url), WARM_PROCESSES: '1', ...more }
  const server = await startServer(t, env)
  return {
    ...{ server, standin, env },
    post: (route, body) =>
      fetch(server.url + route, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      }),
    async asked(marker) {
      const come = await until(() => standin.calls.some((call) => contains(call, marker)))
      if (!come) throw new Error(`${marker} was not asked`)
    },
  }
}

/** Where a process that is ready, and has to be ended as well, would only be one more. */
const noneReady = { WARM_PROCESSES: '0' }

const chat = '/v1/chat/completions'
const limitMs = 11_000
/** The kernel's, on a busy machine, for those that were killed, and for their connections. */
const momentMs = 3000

await t.test('what can be finished is finished', async (t) => {
  const { server, standin, post } = await start(t)
  const { opened, open } = gate()
  standin.when('P-finish', message('to the end', { hold: { afterDeltas: 1, until: opened } }))
  const stream = new FrameReader(await post(chat, ask('P-finish', { stream: true })))
  const blocked = post(chat, ask('P-finish'))
  t.ok(await until(() => standin.calls.length === 2), 'both are on their way')
  const from = Date.now()
  server.process.kill('SIGTERM')
  await until(() => server.stdout().includes('SIGTERM'))
  const late = await post(chat, ask('P-late'))
  t.equal(late.status, 503, 'nothing new is taken')
  t.match(await late.json(), { error: { code: 'server_shutdown' } })
  t.match(late.headers.get('retry-after'), /^\d+$/)
  t.match(await (await fetch(`${server.url}/health`)).json(), { status: 'draining' })
  t.equal((await fetch(`${server.url}/health/ready`)).status, 503)
  open()
  t.match((await stream.all()).slice(-2), [{ data: /"finish_reason":"stop"/ }, { data: '[DONE]' }])
  t.match(await (await blocked).json(), { choices: [{ message: { content: 'to the end' } }] })
  t.strictSame(await server.ended, { code: 0, signal: null })
  t.ok(Date.now() - from < limitMs, `${Date.now() - from} ms`)
  t.ok(await until(() => server.workers().length === 0, momentMs))
})

await t.test('what cannot is told, and a task in the background is there again', async (t) => {
  const place = await start(t, { MAX_CONCURRENT: '2', ...noneReady })
  const { server, standin, post, asked } = place
  standin.when('P-hang', hang(1))
  standin.when('P-task', hang(0), message('second time'))
  const stream = new FrameReader(await post(chat, ask('P-hang', { stream: true })))
  await asked('P-hang')
  const running = (await (await post('/tasks', ask('P-task'))).json()) as Task
  await asked('P-task')
  const waiting = (await (await post('/tasks', ask('P-task'))).json()) as Task
  const queued = post(chat, ask('P-queued'))
  await sleepUntilQueued(server, 2)

  const from = Date.now()
  server.process.kill('SIGTERM')
  t.match((await stream.all()).filter((frame) => frame.comment === undefined).slice(-2), [{ data: /server_shutdown/ }, { data: '[DONE]' }])
  const refused = await queued
  t.equal(refused.status, 503)
  t.match(await refused.json(), { error: { code: 'server_shutdown' } })
  t.strictSame(await server.ended, { code: 0, signal: null })
  t.ok(Date.now() - from < limitMs, `${Date.now() - from} ms`)
  t.ok(await until(() => server.workers().length === 0, momentMs), 'no process is left')
  t.ok(await until(() => standin.calls.every((call) => call.endedAt !== undefined), momentMs), 'and no connection upstream')

  const next = await startServer(t, place.env)
  for (const { id } of [running, waiting]) {
    t.match(await (await fetch(`${next.url}/tasks/${id}?wait=30`)).json(), {
      ...{ id, status: 'completed' },
      result: { choices: [{ message: { content: 'second time' } }] },
    })
  }
  next.process.kill('SIGTERM')
  t.strictSame(await next.ended, { code: 0, signal: null })
})

await t.test('a second signal does not wait', async (t) => {
  const { server, standin, post, asked } = await start(t)
  standin.when('P-two', hang(1))
  const blocked = post(chat, ask('P-two')).catch(() => null)
  await asked('P-two')
  t.ok(server.workers().length > 0)
  server.process.kill('SIGTERM')
  await until(() => server.stdout().includes('SIGTERM'))
  // what comes within a second is the same signal, as one to a process group comes twice
  server.process.kill('SIGTERM')
  server.process.kill('SIGINT')
  await sleep(1200)
  t.equal(server.process.exitCode, null, 'it still waits for what runs')
  const from = Date.now()
  server.process.kill('SIGTERM')
  const { code } = await server.ended
  t.equal(code, 1)
  // well below the five seconds that what runs may take to come to its end
  t.ok(Date.now() - from < 3000, `${Date.now() - from} ms`)
  t.ok(await until(() => server.workers().length === 0, momentMs), 'no process is left')
  await blocked
})

await t.test('DRAIN_S bounds how long answers may take', async (t) => {
  const { server, standin, post, asked } = await start(t, { DRAIN_S: '0', ...noneReady })
  standin.when('P-drain', hang(1))
  const blocked = post(chat, ask('P-drain'))
  await asked('P-drain')
  const from = Date.now()
  server.process.kill('SIGTERM')
  t.equal((await blocked).status, 503)
  t.strictSame(await server.ended, { code: 0, signal: null })
  t.ok(Date.now() - from < 4500, `${Date.now() - from} ms`)
})

await t.test('a CLI that hangs at its start holds up neither the start nor the end', async (t) => {
  const folder = temporary(t)
  for (const [name, body] of Object.entries({
    version: 'sleep 100',
    start: 'if [ "$1" = --version ]; then echo "2.1.329 (Claude Code)"; else trap "" TERM INT; sleep 100; fi',
  })) {
    const binary = path.join(folder, name)
    writeFileSync(binary, `#!/bin/sh\n${body}\n`, { mode: 0o755 })
    const { server, post } = await start(t, { CLAUDE_BIN: binary })
    t.match(await (await fetch(`${server.url}/health`)).json(), { claude: { path: binary } }, `${name}: it listens`)
    const blocked = post(chat, ask('P-never'))
    await sleep(300)
    server.process.kill('SIGTERM')
    t.equal((await blocked).status, 503)
    t.strictSame(await server.ended, { code: 0, signal: null }, name)
    t.ok(await until(() => server.workers().length === 0, momentMs), `${name}: no process is left`)
  }
})

await t.test('a reader that takes nothing does not hold it up', async (t) => {
  const { server, standin, post, asked } = await start(t, noneReady)
  standin.when('P-big', message([{ type: 'text', deltas: Array.from({ length: 128 }, () => 'x'.repeat(64 * 1024)) }]))
  const response = await post(chat, ask('P-big', { stream: true }))
  await asked('P-big')
  server.process.kill('SIGINT')
  t.strictSame(await server.ended, { code: 0, signal: null })
  await response.body?.cancel().catch(() => undefined)
})

async function sleepUntilQueued(server: Server, wanted: number): Promise<void> {
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline) {
    const health = (await (await fetch(`${server.url}/health`)).json()) as { queue: { queued: number } }
    if (health.queue.queued === wanted) return
    await sleep(20)
  }
  throw new Error(`there are not ${wanted} jobs in the queue`)
}
