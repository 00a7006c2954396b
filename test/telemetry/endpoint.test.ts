/** A server as a process: what it loads, and what it does where its endpoint for traces is down, hangs, or is no address. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { ask, environment, until } from '../helper.js'
import { FrameReader } from '../helper-sse.js'
import { type Server, startServer, temporary } from '../helper-server.js'
import { hang, hangBeforeHeaders, message, startStandin } from '../standin/index.js'
import { startReceiver, treeOf } from './receiver.js'

t.setTimeout(240_000)
const chat = '/v1/chat/completions'
const caller = 'b7ad6b7169203331'
const traceId = 'e'.repeat(32)
const traceparent = `00-${traceId}-${caller}-01`
const watcher = pathToFileURL(path.join(import.meta.dirname, 'watch-modules.js')).href

interface Line {
  level: number
  msg: string
  [member: string]: unknown
}

async function start(t: Test, env: Record<string, string>) {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  standin.when('E-said', message('THE-ANSWER'))
  const folder = temporary(t)
  const modules = path.join(folder, 'modules')
  const whole = { ...environment(folder, standin.url), NODE_OPTIONS: `--import=${watcher}`, WATCHED_MODULES: modules, ...env }
  const server = await startServer(t, whole)
  return { server, standin, env: whole, loaded: () => readFileSync(modules, 'utf8').split('\n') }
}

const post = (server: Server, body: unknown, headers: Record<string, string> = {}) =>
  fetch(server.url + chat, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })

const lines = (server: Server): Line[] =>
  server
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)

async function stop(t: Test, server: Server): Promise<void> {
  server.process.kill('SIGTERM')
  t.match(await server.ended, { code: 0 }, 'in time: else it ends itself, with 1')
}

await t.test('without an endpoint nothing of OpenTelemetry is loaded', async (t) => {
  const off: Record<string, string>[] = [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' }]
  await Promise.all(
    off.map(async (env) => {
      const { server, loaded } = await start(t, env)
      const response = await post(server, ask('E-said'), { traceparent })
      t.match(response.headers.get('x-bridge-overhead-ms'), /^\d+$/, 'the share is told all the same')
      const { bridge } = (await response.json()) as { bridge: { overhead_ms: number; duration_ms: number } }
      t.equal(bridge.overhead_ms, Number(response.headers.get('x-bridge-overhead-ms')))
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      t.match(metrics, /^bridge_overhead_seconds_count 1$/m)
      t.match(Number(/^bridge_overhead_seconds_sum (.*)$/m.exec(metrics)?.[1]), bridge.overhead_ms / 1000)
      t.match(
        lines(server).filter(({ msg }) => msg === 'job ended'),
        [{ trace_id: traceId }],
        'the log names the trace of the client',
      )
      await stop(t, server)
      const modules = loaded()
      t.ok(
        modules.some((url) => url.endsWith('/src/plugins/telemetry.js')),
        'modules are seen',
      )
      t.strictSame(
        modules.filter((url) => url.includes('opentelemetry') || url.includes('/telemetry/otlp/')),
        [],
      )
    }),
  )
})

await t.test('an endpoint that is down costs no request anything, and is told once', async (t) => {
  const receiver = await startReceiver(t)
  receiver.behave(500)
  const { server, loaded } = await start(t, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '50' })
  t.ok(
    loaded().some((url) => url.includes('opentelemetry')),
    'it is loaded, and the test above would see it',
  )
  const warnings = () => lines(server).filter(({ msg }) => msg.startsWith('spans could not be sent'))
  for (const count of [1, 2, 3]) {
    t.equal((await post(server, ask('E-said'))).status, 200)
    t.ok(await until(() => receiver.bodies.length >= count))
  }
  t.ok(await until(() => warnings().length > 0))
  t.equal(warnings().length, 1)
  t.match(warnings()[0], { level: 40 })
  receiver.behave('well')
  t.equal((await post(server, ask('E-said'))).status, 200)
  t.ok(await until(() => lines(server).some(({ msg }) => msg === 'spans are sent again')))
  await stop(t, server)
})

await t.test('an endpoint that hangs delays no answer, and the end only a little', async (t) => {
  const receiver = await startReceiver(t)
  receiver.behave('hang')
  const { server } = await start(t, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '50' })
  for (let count = 0; count < 3; count++) t.equal((await post(server, ask('E-said'))).status, 200)
  t.ok(await until(() => receiver.bodies.length > 0))
  await stop(t, server)
})

await t.test('what is left is sent at the end, and a task that goes on after a restart stays in its trace', async (t) => {
  const receiver = await startReceiver(t)
  const given = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_SERVICE_NAME: 'mine',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=a',
    LOG_PROMPTS: '1',
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  }
  const { server, standin, env } = await start(t, given)
  standin.when('E-restart', hangBeforeHeaders(), message('at last'))
  standin.when('E-cut', hang(2))
  const accepted = await post(server, ask('E-restart', { background: true }), { traceparent })
  const { id } = (await accepted.json()) as Task
  const cut = (await (await post(server, ask('E-cut', { background: true }))).json()) as Task
  t.ok(await until(() => standin.calls.length > 1))
  const events = new FrameReader(await fetch(`${server.url}/tasks/${cut.id}/events`))
  while ((await events.next())?.event !== 'text');
  t.equal(receiver.bodies.length, 0, 'nothing is due yet')
  await stop(t, server)
  const before = receiver.spans.filter((span) => span.traceId === traceId)
  const left = before.find(({ name }) => name === 'job sonnet')
  t.match(left, { attributes: { 'claude_bridge.task.id': id, 'claude_bridge.task.status': 'handed_over' } })
  t.match(receiver.resource, { 'service.name': 'mine' })
  t.match(receiver.heads[0], { 'x-team': 'a' })
  const next = await startServer(t, env)
  const task = await fetch(`${next.url}/tasks/${id}?wait=60`)
  t.match(await task.json(), { status: 'completed' })
  await stop(t, next)
  const spans = receiver.spans.filter((span) => span.traceId === traceId)
  const tree = treeOf(spans, caller)
  t.notMatch(tree.join('\n'), /lost/, 'connected')
  t.equal(tree.filter((name) => name === '  job sonnet').length, 2)
  const last = spans.findLast(({ name }) => name === 'job sonnet')
  t.match(last, { parentSpanId: left!.parentSpanId, attributes: { 'claude_bridge.task.status': 'completed' } })
  const ends = receiver.spans.filter(({ name, attributes }) => name === 'job sonnet' && attributes['claude_bridge.task.id'] === cut.id)
  t.match(ends.at(-1), { attributes: { 'error.type': 'interrupted' } }, 'what the restart has ended ends its trace')
  const said = spans.filter(({ name }) => name === 'chat sonnet').map(({ attributes }) => attributes)
  t.match(said.at(-1), { 'gen_ai.input.messages': /E-restart/, 'gen_ai.output.messages': /at last/ }, 'with LOG_PROMPTS=1')
})

await t.test('an endpoint that is no address ends the start with one line', async (t) => {
  const { server } = await start(t, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' })
  t.match(await server.ended, { code: 1 })
  t.match(server.stderr(), /^claude-bridge: OTEL_EXPORTER_OTLP_ENDPOINT: must be an http\(s\) URL$/m)
})
