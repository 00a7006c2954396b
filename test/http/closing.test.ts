/** The server lets go of every connection when it ends, and says in clients' own terms that it does. */
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ask, startBridge, until } from '../helper.js'
import { request } from '../helper-raw.js'
import { FrameReader, framesOf } from '../helper-sse.js'
import { hang, message, text } from '../standin/index.js'

const chat = '/v1/chat/completions'

const post = (route: string, body: unknown) => {
  const json = JSON.stringify(body)
  return request(`POST ${route}`, { host: 'localhost', 'content-type': 'application/json', 'content-length': String(json.length) }, json)
}

await t.test('everybody is told', async (t) => {
  const bridge = await startBridge(t, { env: { MAX_CONCURRENT: '3' } })
  for (const marker of ['C-stream', 'C-block', 'C-task']) bridge.standin.when(marker, hang(1))
  const reader = new FrameReader(await bridge.post(chat, ask('C-stream', { stream: true })))
  while (!(await reader.next())?.data?.includes('one'));
  const blocked = bridge.post(chat, ask('C-block'))
  await bridge.asked('C-block')
  const { id } = (await (await bridge.post('/tasks', ask('C-task'))).json()) as { id: string }
  await bridge.asked('C-task')
  const polled = bridge.get(`/tasks/${id}?wait=60`)
  const followed = framesOf(await bridge.get(`/tasks/${id}/events`))
  const queued = bridge.post(chat, ask('C-queued'))
  await until(() => bridge.app.jobs.stats().queued === 1)

  const from = Date.now()
  const closed = bridge.app.close()
  t.match((await reader.all()).slice(-2), [{ data: /"code":"server_shutdown"/ }, { data: '[DONE]' }], 'a stream ends with the reason')
  for (const response of [await blocked, await queued]) {
    t.equal(response.status, 503)
    t.match(await response.json(), { error: { code: 'server_shutdown', type: 'server_error' } })
  }
  t.match(await (await polled).json(), { id, status: /in_progress|queued/ }, 'a task in the background goes on at the next start')
  t.notMatch((await followed).at(-1), { event: 'end' }, 'so its events have no end')
  await closed
  t.ok(Date.now() - from < 8000, `closed within ${Date.now() - from} ms`)
})

await t.test('connections that nobody uses do not hold it up', async (t) => {
  const bridge = await startBridge(t)
  const idle = connect(bridge.port, '127.0.0.1')
  await once(idle, 'connect')
  const used = connect(bridge.port, '127.0.0.1')
  used.write(request('GET /health', { host: 'localhost' }))
  await once(used, 'data')

  const size = 8 * 1024 * 1024
  bridge.standin.when('C-slow', message(text(Array.from({ length: 64 }, () => 'x'.repeat(size / 64)))))
  const slow: Socket = connect(bridge.port, '127.0.0.1')
  slow.pause()
  slow.write(post(chat, ask('C-slow', { stream: true })))
  await bridge.asked('C-slow')
  await bridge.idle()
  for (const socket of [idle, used, slow]) socket.on('error', () => undefined)

  const from = Date.now()
  await Promise.race([bridge.app.close(), sleep(20_000)])
  // a second is left to what is written already; the server itself would wait for more than a minute
  t.ok(Date.now() - from < 8000, `closed after ${Date.now() - from} ms`)
  for (const socket of [idle, used, slow]) socket.destroy()
})

await t.test('what comes meanwhile is refused in the envelope', async (t) => {
  const bridge = await startBridge(t)
  bridge.standin.when('C-last', hang(1))
  const socket = connect(bridge.port, '127.0.0.1').setEncoding('latin1')
  let text = ''
  socket.on('data', (chunk: string) => (text += chunk))
  socket.write(post(chat, ask('C-last')))
  await bridge.asked('C-last')
  // a second request waits behind the first on the same connection
  socket.write(post(chat, ask('C-behind')))
  await bridge.app.close()
  const [first, second] = text.split(/(?=HTTP\/1\.1 )/)
  t.match(first, /^HTTP\/1.1 503 .*x-request-id: req_.*"code":"server_shutdown"/s)
  if (second !== undefined) t.match(second, /^HTTP\/1.1 503 .*"error":\{"message".*"code":"server_shutdown"/s)
  socket.destroy()
})
