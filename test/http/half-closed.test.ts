/** A client that closes its side of the connection behind its request: `nc -N`, and proxies that pass such an end on. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { ask, gate, startBridge, until } from '../helper.js'
import { request } from '../helper-raw.js'
import { message } from '../standin/index.js'

const bridge = await startBridge(t)
bridge.standin.when('H-', message('fine'))

/** Sends all at once and closes its side; what comes back until the server closes too. */
function halfClosed(bytes: string): Promise<string> {
  const socket = connect({ port: bridge.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.end(bytes)
  return text(socket)
}

function post(route: string, body: unknown): string {
  const json = JSON.stringify(body)
  return request(`POST ${route}`, { host: 'localhost', 'content-type': 'application/json', 'content-length': String(json.length) }, json)
}

await t.test('an answer that is at hand goes out', async (t) => {
  const get = (route: string) => request(`GET ${route}`, { host: 'localhost' })
  t.match(await halfClosed(get('/health')), /^HTTP\/1\.1 200 [^]*"status"/)
  t.match(await halfClosed(get('/v1/models') + get('/v1/nowhere')), /^HTTP\/1\.1 200 [^]*HTTP\/1\.1 404 /, 'of each request')
  t.match(await halfClosed(post('/v1/chat/completions', ask('H-', { n: 99 }))), /^HTTP\/1\.1 400 [^]*"param":"n"/)
  t.match(await halfClosed(post('/v1/chat/completions/check', ask('H-'))), /^HTTP\/1\.1 200 /)
  const accepted = await halfClosed(post('/tasks', ask('H-task')))
  t.match(accepted, /^HTTP\/1\.1 202 /)
  const { id } = JSON.parse(accepted.slice(accepted.indexOf('{'))) as { id: string }
  t.match(await (await bridge.get(`/tasks/${id}?wait=60`)).json(), { status: 'completed' })
  t.match(await halfClosed(get(`/tasks/${id}?wait=60`)), /^HTTP\/1\.1 200 [^]*"completed"/)
})

await t.test('what a job has to be waited for counts it as gone', async (t) => {
  for (const stream of [false, true]) {
    const marker = `H-wait-${stream}`
    t.equal(await halfClosed(post('/v1/chat/completions', ask(marker, { stream }))), '')
    await bridge.idle()
    const asked = gate()
    bridge.standin.when(`${marker}-later`, async () => {
      await asked.opened
      return message('too late')
    })
    const socket = connect({ port: bridge.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.write(post('/v1/chat/completions', ask(`${marker}-later`, { stream })))
    await bridge.asked(`${marker}-later`)
    socket.end()
    socket.resume()
    await once(socket, 'close')
    t.ok(await until(() => bridge.app.jobs.stats('process').running === 0), 'its job has ended')
    asked.open()
  }
})
