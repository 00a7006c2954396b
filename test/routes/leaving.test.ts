/** Clients that leave, and clients that stay and take nothing: what becomes of their jobs. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Task, TaskList } from '../../src/openai/out/response-schemas.js'
import { ask, gate, promptMs, startBridge, until } from '../helper.js'
import { request } from '../helper-raw.js'
import { FrameReader } from '../helper-sse.js'
import { onRedis } from '../redis.js'
import { hang, hangBeforeHeaders, message, text } from '../standin/index.js'

const bridge = await startBridge(t, { env: { MAX_CONCURRENT: '1', MAX_QUEUED: '2' } })
const { standin } = bridge
const chat = '/v1/chat/completions'

async function newest(): Promise<Task> {
  const list = (await (await bridge.get('/tasks?limit=1')).json()) as TaskList
  return list.data[0]!
}

const cancel = (id: string) => fetch(`${bridge.url}/tasks/${id}/cancel`, { method: 'POST' })
const stored = () => bridge.logs.filter((line) => line.includes('incoming request') && line.includes(chat)).length

/** Asks, waits for the phase, leaves; the job has to be cancelled and its process gone. */
async function leaves(t: Test, marker: string, stream: boolean, phase: (response: Promise<Response | null>) => Promise<unknown>) {
  const controller = new AbortController()
  const response = bridge.post(chat, ask(marker, { stream }), {}, controller.signal).catch(() => null)
  await phase(response)
  const from = Date.now()
  controller.abort()
  const { jobs } = bridge.app
  const before = jobs.stats().queued + jobs.stats().running
  t.ok(before > 0, `${marker}: there was something to end`)
  t.ok(await until(() => jobs.stats().queued + jobs.stats().running === 0), `${marker}: it ended`)
  await bridge.idle()
  t.ok(Date.now() - from < promptMs, `${marker}: within ${Date.now() - from} ms`)
  await response
  t.match(await newest(), { status: 'cancelled', error: { code: 'cancelled' }, background: false }, marker)
}

for (const stream of [false, true]) {
  await t.test(`in every phase, ${stream ? 'streaming' : 'blocking'}`, async (t) => {
    const name = (phase: string) => `L-${phase}-${stream}`
    const { jobs } = bridge.app
    await leaves(t, name('starting'), stream, () => until(() => jobs.stats().running === 1))

    standin.when(name('waiting'), hangBeforeHeaders())
    await leaves(t, name('waiting'), stream, () => bridge.asked(name('waiting')))
    t.ok((await bridge.asked(name('waiting'))).closed, 'and upstream is told')

    standin.when(name('answering'), hang(2))
    await leaves(t, name('answering'), stream, async (response) => {
      const call = await bridge.asked(name('answering'))
      if (!stream) return until(() => call.deltas === 2)
      const reader = new FrameReader((await response)!)
      while (!(await reader.next())?.data?.includes('two'));
    })
    t.ok((await bridge.asked(name('answering'))).closed, 'and upstream is told')
  })

  await t.test(`in the queue, ${stream ? 'streaming' : 'blocking'}`, async (t) => {
    const marker = `L-slot-${stream}`
    standin.when(marker, hang(0))
    const { id } = (await (await bridge.post('/tasks', ask(marker))).json()) as Task
    await bridge.asked(marker)
    const controller = new AbortController()
    const left = bridge.post(chat, ask('L-queued', { stream }), {}, controller.signal).catch(() => null)
    t.ok(await until(() => bridge.app.jobs.stats().queued === 1))
    controller.abort()
    await left
    t.ok(await until(() => bridge.app.jobs.stats().queued === 0, promptMs), 'it is taken out')
    // the line of all servers is counted now and then
    while (onRedis && (await newest()).status === 'queued') await sleep(5)
    t.match(await newest(), { status: 'cancelled', started_at: null })
    t.match(await (await bridge.get(`/tasks/${id}`)).json(), { status: 'in_progress' }, 'the other one is not')
    await cancel(id)
    await bridge.idle()
    t.notOk(
      standin.calls.some((call) => JSON.stringify(call.body).includes('L-queued')),
      'it never ran',
    )
  })
}

await t.test('as soon as the request is sent', async (t) => {
  // the connection ends while the job is being stored
  for (let round = 0; round < 5; round++) {
    const before = stored()
    const body = JSON.stringify(ask('L-at-once', { stream: round % 2 === 0 }))
    const headers = { host: 'localhost', 'content-type': 'application/json', 'content-length': String(body.length) }
    const socket = connect(bridge.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(request(`POST ${chat}`, headers, body))
    await until(() => stored() > before)
    socket.resetAndDestroy()
  }
  // the last may still be on its way into the store, and is in no list of living ones then
  let data: Task[]
  const deadline = Date.now() + 20_000
  do {
    await bridge.idle()
    data = ((await (await bridge.get('/tasks?limit=5')).json()) as TaskList).data
  } while (data.some(({ status }) => status === 'queued' || status === 'in_progress') && Date.now() < deadline)
  t.ok(
    data.every((task) => task.status === 'cancelled'),
    'all of them are cancelled',
  )
})

await t.test('a job in the background stays', async (t) => {
  const { opened, open } = gate()
  standin.when('L-stays', message('one two three', { hold: { afterDeltas: 2, until: opened } }))
  const response = await bridge.post(chat, ask('L-stays', { stream: true, background: true }))
  const reader = new FrameReader(response)
  while (!(await reader.next())?.data?.includes('two'));
  await reader.cancel()
  const { id } = await newest()
  const polled = bridge.get(`/tasks/${id}?wait=60`)
  open()
  t.match(await (await polled).json(), { status: 'completed', result: { choices: [{ message: { content: 'one two three' } }] } })
})

await t.test('a stream that nobody reads holds up neither its job nor the server', async (t) => {
  const size = 5 * 1024 * 1024
  const piece = 'x'.repeat(64 * 1024)
  standin.when('L-slow', message(text(Array.from({ length: size / piece.length }, () => piece))))
  const body = JSON.stringify(ask('L-slow', { stream: true }))
  const headers = { host: 'localhost', 'content-type': 'application/json', 'content-length': String(body.length) }
  const socket = connect(bridge.port, '127.0.0.1')
  socket.pause()
  socket.write(request(`POST ${chat}`, headers, body))
  await bridge.asked('L-slow')
  const { id } = await newest()
  const task = (await (await bridge.get(`/tasks/${id}?wait=60`)).json()) as Task
  t.equal(task.status, 'completed', 'the job is done')
  t.equal(task.result!.choices[0]!.message.content!.length, size)
  await bridge.idle()
  t.equal((await bridge.get('/health')).status, 200)

  // it finds everything when it reads at last
  let read = 0
  let tail = ''
  socket.on('data', (chunk: Buffer) => {
    read += chunk.length
    tail = (tail + chunk.toString('latin1')).slice(-200)
    if (tail.includes('[DONE]')) socket.end()
  })
  socket.resume()
  await once(socket, 'close')
  t.ok(read > size, `${read} bytes`)
  t.match(tail, /data: \[DONE\]/)
})

await t.test('a queue that is full', async (t) => {
  standin.when('L-full', hang(0))
  const ids: string[] = []
  for (let job = 0; job < 3; job++) ids.push(((await (await bridge.post('/tasks', ask('L-full'))).json()) as Task).id)
  for (const [route, body] of [
    [chat, ask('x')],
    [chat, ask('x', { stream: true })],
    ['/tasks', ask('x')],
  ] as const) {
    const response = await bridge.post(route, body)
    t.equal(response.status, 429)
    t.match(response.headers.get('retry-after'), /^\d+$/)
    t.ok(Number(response.headers.get('retry-after')) <= 60, 'or clients would not believe it')
    t.match(await response.json(), { error: { code: 'queue_full', type: 'rate_limit_error', param: null } })
  }
  const ready = await bridge.get('/health/ready')
  t.equal(ready.status, 503)
  t.match(await ready.json(), { ready: false, checks: { queue: { ok: false, detail: /2 jobs wait/ }, store: { ok: true } } })
  await Promise.all(ids.map(cancel))
  await bridge.idle()
  t.equal((await bridge.get('/health/ready')).status, 200)
  standin.when('L-free', message('free again'))
  t.equal((await bridge.post(chat, ask('L-free'))).status, 200)
})
