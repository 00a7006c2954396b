/** `webhook_url`, end to end: who is told what, and who is refused. */
import t, { type Test } from 'tap'
import { ask, askDirect, startBridge, until } from '../helper.js'
import { httpError, message, startStandin } from '../standin/index.js'
import { environment } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'
import { type Call, secret, startReceiver } from '../webhooks/receiver.js'

const receiver = await startReceiver(t)
const settings = { WEBHOOK_SECRET: secret, WEBHOOK_ALLOWED_HOSTS: `127.0.0.1:${receiver.port},*.example.com` }
const bridge = await startBridge(t, { direct: 100, env: settings, webhookDelays: [50, 50, 50] })
const { standin } = bridge

/** The first call about a task. */
async function toldOf(t: Test, id: string, receiver_ = receiver, ms = 20_000): Promise<Call> {
  const find = () => receiver_.calls.find(({ event }) => event.data.id === id)
  t.ok(await until(() => find() !== undefined, ms), `told of ${id}`)
  return find()!
}

async function task(response: Response): Promise<{ id: string }> {
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as { id: string }
}

await t.test('a task that is done', async (t) => {
  const { id } = await task(
    await bridge.post('/tasks', ask('Tell me a joke', { webhook_url: `${receiver.url}?a=b`, metadata: { k: 'v' } })),
  )
  const { event, headers, path, id: eventId } = await toldOf(t, id)
  t.match(event, {
    type: 'task.completed',
    timestamp: /^\d{4}-\d\d-\d\dT.*Z$/,
    data: { object: 'task', status: 'completed', metadata: { k: 'v' } },
  })
  t.same(event.data, await (await bridge.get(`/tasks/${id}`)).json(), 'the task as everybody reads it')
  t.match({ path, eventId }, { path: '/hook?a=b', eventId: /^msg_\w{24}$/ })
  t.match(headers, { 'content-type': 'application/json', 'webhook-id': eventId, 'webhook-timestamp': /^\d+$/, 'webhook-signature': /^v1,/ })
})

await t.test('every end is told', async (t) => {
  standin.when('WEBHOOK-FAILS', httpError(400, { message: 'no' }))
  standin.when('WEBHOOK-CUT', message('one two three', { stopReason: 'max_tokens' }))
  const webhook_url = receiver.url
  const failed = await task(await bridge.post('/tasks', askDirect('WEBHOOK-FAILS', { webhook_url })))
  t.match((await toldOf(t, failed.id)).event, { type: 'task.failed', data: { status: 'failed', error: { message: /./ } } })

  const { id } = await task(await bridge.post('/tasks', askDirect('Give me a slow answer', { webhook_url })))
  await bridge.post(`/tasks/${id}/cancel`, {})
  t.match((await toldOf(t, id)).event, { type: 'task.cancelled', data: { status: 'cancelled' } })

  const cut = await task(await bridge.post('/tasks', askDirect('WEBHOOK-CUT', { webhook_url, max_tokens: 3 })))
  t.match((await toldOf(t, cut.id)).event, { type: 'task.incomplete', data: { status: 'incomplete' } })

  const blocking = await bridge.post('/v1/chat/completions', askDirect('Tell me a joke', { webhook_url }))
  t.equal(blocking.status, 200)
  const { event } = await toldOf(t, blocking.headers.get('x-bridge-task-id')!)
  t.same(event.data.result, await blocking.json(), 'a blocking request as well')
})

await t.test('a task that waits for a human, and what becomes of it', async (t) => {
  const asked = askDirect('Tell me a joke', { webhook_url: receiver.url, validation: [{ type: 'json' }], max_attempts_before_human: 1 })
  const { id } = await task(await bridge.post('/tasks', asked))
  const { event, id: first } = await toldOf(t, id)
  t.match(event, { type: 'task.requires_action', data: { status: 'requires_action', review: { reason: /./ } } })
  t.equal((await bridge.post(`/tasks/${id}/review`, { decision: 'approve' })).status, 200)
  t.ok(await until(() => receiver.calls.some((call) => call.event.data.id === id && call.event.type === 'task.completed'), 20_000))
  const ids = receiver.calls.filter((call) => call.event.data.id === id).map((call) => call.id)
  t.equal(ids.length, new Set(ids).size, 'two events')
  t.equal(ids[0], first)
})

await t.test('told once, and only of what asked for it', async (t) => {
  const before = receiver.calls.length
  await (await bridge.post('/v1/chat/completions', askDirect('Tell me a joke'))).text()
  await (await bridge.post('/v1/chat/completions', askDirect('Tell me a joke', { webhook_url: '' }))).text()
  const headers = { 'idempotency-key': 'webhook-1' }
  for (let n = 0; n < 2; n++) {
    await (await bridge.post('/v1/chat/completions', askDirect('Tell me a joke', { webhook_url: receiver.url }), headers)).text()
  }
  t.ok(await until(() => receiver.calls.length > before))
  await bridge.idle()
  t.equal(receiver.calls.length, before + 1)
})

await t.test('refused', async (t) => {
  const cases: [string, string][] = [
    ['http://127.0.0.1/hook', 'invalid_value'],
    [`http://localhost:${receiver.port}/`, 'invalid_value'],
    [`http://127.0.0.1.example.org:${receiver.port}/`, 'invalid_value'],
    ['https://example.com/', 'invalid_value'],
    ['https://example.org/', 'invalid_value'],
    ['http://169.254.169.254/latest', 'invalid_value'],
    [`http://user:secret@127.0.0.1:${receiver.port}/`, 'invalid_value'],
    ['ftp://a.example.com/', 'invalid_value'],
    ['hook', 'invalid_value'],
    [`https://a.example.com/${'a'.repeat(3000)}`, 'invalid_value'],
  ]
  for (const [webhook_url, code] of cases) {
    const response = await bridge.post('/tasks', ask('x', { webhook_url }))
    const { error } = (await response.json()) as { error: { message: string } }
    t.match(
      { status: response.status, ...error },
      { status: 400, code, param: 'webhook_url' },
      `${webhook_url.slice(0, 60)}: ${error.message}`,
    )
  }
  t.match(await (await bridge.post('/tasks', ask('x', { webhook_url: 7 }))).json(), {
    error: { code: 'invalid_type', param: 'webhook_url' },
  })
})

await t.test('where it is not set up', async (t) => {
  for (const [env, missing] of [
    [{}, 'WEBHOOK_SECRET'],
    [{ WEBHOOK_SECRET: secret }, 'WEBHOOK_ALLOWED_HOSTS'],
    [{ WEBHOOK_ALLOWED_HOSTS: '127.0.0.1' }, 'WEBHOOK_SECRET'],
  ] as const) {
    await t.test(JSON.stringify(Object.keys(env)), async (t) => {
      const other = await startBridge(t, { env })
      const response = await other.post('/v1/chat/completions', ask('x', { webhook_url: receiver.url }))
      t.equal(response.status, 400)
      t.match(await response.json(), { error: { code: 'unsupported_parameter', param: 'webhook_url', message: new RegExp(missing) } })
    })
  }
})

await t.test('a killed server, and one that was stopped, leave it to the next', async (t) => {
  const upstream = await startStandin()
  t.teardown(() => upstream.close())
  let answers = false
  const patient = await startReceiver(t, (response) => {
    // while it does not, the call is on its way
    if (answers) response.writeHead(200).end()
  })
  const home = temporary(t)
  const env = { ...environment(home, upstream.url), WEBHOOK_SECRET: secret, WEBHOOK_ALLOWED_HOSTS: `127.0.0.1:${patient.port}` }
  const post = async (url: string) => {
    const response = await fetch(`${url}/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask('Tell me a joke', { webhook_url: patient.url })),
    })
    return (await task(response)).id
  }

  const first = await startServer(t, env)
  const ids = [await post(first.url), await post(first.url)]
  for (const id of ids) await toldOf(t, id, patient, 30_000)
  first.process.kill('SIGKILL')
  await first.ended

  const second = await startServer(t, env)
  t.ok(await until(() => patient.calls.length >= 4, 30_000), 'told again by the next server')
  ids.push(await post(second.url))
  await toldOf(t, ids[2]!, patient, 30_000)
  second.process.kill('SIGTERM')
  t.equal((await second.ended).code, 0)

  answers = true
  const before = patient.calls.length
  const third = await startServer(t, env)
  t.ok(await until(() => patient.calls.length >= before + 3, 30_000))
  const tries = (id: string) => patient.calls.filter(({ event }) => event.data.id === id)
  for (const id of ids) t.equal(new Set(tries(id).map((call) => call.id)).size, 1, `one id for ${tries(id).length} tries`)
  const { url } = third
  const total = patient.calls.length
  await (await fetch(`${url}/health`)).text()
  third.process.kill('SIGTERM')
  await third.ended
  const fourth = await startServer(t, env)
  await (await fetch(`${fourth.url}/health`)).text()
  t.equal(patient.calls.length, total, 'what was taken is not told again')
  t.same(patient.wrong, [])
})
