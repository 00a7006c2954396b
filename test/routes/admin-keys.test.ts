/** `/admin/keys`: keys made, changed, rotated and revoked over HTTP, and what a key may ask for on every route that makes a job. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type Bridge, ask, direct, gate, onlyParked, startBridge, until } from '../helper.js'
import { connect } from '../helper-mcp.js'
import { temporary } from '../helper-server.js'
import { onRedis } from '../redis.js'
import { hang, message } from '../standin/index.js'

const admin = 'an-admin-key-of-32-characters-00'
const folder = temporary(t)
const registry = path.join(folder, 'mcp.json')
writeFileSync(registry, JSON.stringify({ mcpServers: { one: { command: 'true' }, two: { command: 'false' } } }))
const bridge = await startBridge(t, {
  direct: 100,
  warm: onlyParked,
  limits: { wrongKeyFirstMs: 300 },
  env: { ADMIN_KEY: admin, MCP_CONFIG: registry, WARM_PROCESSES: '1', DATA_DIR: path.join(folder, 'data') },
})
const { standin } = bridge
const operator = { authorization: `Bearer ${admin}` }
const chat = '/v1/chat/completions'

interface Key {
  id: string
  name: string
  key: string
}

const as = (key: string) => ({ authorization: `Bearer ${key}` })
const failure = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string; message: string; param: string | null } }
  return { status: response.status, ...error }
}

/** Every key that was told. */
const told: string[] = []

async function make(name: string, more: object = {}, at: Bridge = bridge): Promise<Key> {
  const response = await at.post('/admin/keys', { name, ...more }, operator)
  if (response.status !== 201) throw new Error(await response.text())
  const key = (await response.json()) as Key
  told.push(key.key)
  return key
}

const change = (id: string, method: string, body?: object, headers: Record<string, string> = operator) =>
  fetch(`${bridge.url}/admin/keys/${id}`, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })

await t.test('before there is a key', async (t) => {
  standin.when('K-open', message('hello'))
  t.equal((await bridge.post(chat, ask('K-open', { model: direct }))).status, 200, 'a loopback server is open')
  t.match(await failure(await bridge.get('/admin/keys')), { status: 403, code: 'admin_key_required', message: /ADMIN_KEY/ })
  const before = performance.now()
  t.match(await failure(await bridge.get('/admin/keys', as('a-guess'))), { status: 403 })
  t.ok(performance.now() - before > 250, 'a guess waits')
  for (const route of ['/health', '/docs', '/openapi.json']) t.equal((await bridge.get(route, operator)).status, 200, route)
  t.notOk('security' in ((await (await bridge.get('/openapi.json')).json()) as object))
})

await t.test('make, read, list, change', async (t) => {
  const made = await bridge.post('/admin/keys', { name: 'ann', models: [direct], limits: { running: 2 } }, operator)
  t.equal(made.status, 201)
  t.equal(made.headers.get('cache-control'), 'no-store')
  const ann = (await made.json()) as Key
  told.push(ann.key)
  t.match(ann, { object: 'key', name: 'ann', admin: false, models: [direct], mcp_servers: null, priority: 1, revoked_at: null })
  t.strictSame((ann as unknown as { limits: object }).limits, { running: 2 })
  t.match(bridge.app.keyRing.of(ann.id), { limits: { running: 2 } }, 'where limits are looked up')
  t.equal(bridge.app.keyRing.of('anonymous'), null)

  const read = (await (await bridge.get(`/admin/keys/${ann.id}`, operator)).json()) as object
  t.match(read, { id: ann.id, name: 'ann' })
  t.notOk('key' in read)
  const bob = await make('bob')
  const list = await (await bridge.get('/admin/keys?limit=1', operator)).json()
  t.match(list, { object: 'list', data: [{ id: bob.id }], has_more: true, last_id: bob.id })
  t.match(await (await bridge.get(`/admin/keys?after=${bob.id}`, operator)).json(), { data: [{ id: ann.id }], has_more: false })
  t.match(await failure(await bridge.get('/admin/keys?after=x', operator)), { status: 400, param: 'after' })

  const changed = await change(ann.id, 'PATCH', { name: 'anna', models: null, limits: { usd_per_day: 1 } })
  t.match(await changed.json(), { id: ann.id, name: 'anna', models: null, limits: { running: 2, usd_per_day: 1 } })
  t.match(await failure(await change(ann.id, 'PATCH', { name: 'bob' })), { status: 400, param: 'name' })
  const slip = { status: 400, code: 'unsupported_parameter', message: /^Unknown parameter: 'limits.usd_per_week'\.$/ }
  const limits = { usd_per_week: 1 }
  t.match(await failure(await bridge.post('/admin/keys', { name: 'carl', limits }, operator)), { ...slip, param: 'limits.usd_per_week' })
  t.match(await failure(await change(ann.id, 'PATCH', { limit: 1 })), { status: 400, param: 'limit', message: /'limit'/ })
  t.match(await failure(await change('', 'PATCH', {})), { status: 404, code: 'unknown_url' }, 'what is not there is told as such')
  t.match(await failure(await change('nobody0000', 'PATCH', {})), { status: 404, code: 'key_not_found' })
})

await t.test('a key is asked for from the first one on, in each of its headers', async (t) => {
  const key = await make('headers')
  t.match(await failure(await bridge.get('/tasks')), { status: 401, code: 'invalid_api_key' })
  for (const headers of [as(key.key), { 'x-api-key': key.key }, { 'api-key': key.key }])
    t.equal((await bridge.get('/tasks', headers as Record<string, string>)).status, 200)
  t.match(await failure(await bridge.get('/admin/keys', as(key.key))), { status: 403, code: 'admin_key_required' })
  t.match(await failure(await bridge.get('/tasks', operator)), { status: 401 }, 'the operator owns no tasks')
  t.match(await (await bridge.get('/openapi.json')).json(), { security: [{ bearer: [] }] })
  t.notMatch(await (await bridge.get('/health')).json(), { claude: {} }, 'without a key health says less')
  t.match(await (await bridge.get('/health', as(key.key))).json(), { claude: {} })
  t.match(await (await bridge.get('/health', operator)).json(), { claude: {} }, 'the operator is told all')
  t.equal((await bridge.get('/docs', operator)).status, 200)

  const before = performance.now()
  t.match(await failure(await bridge.get('/tasks', as(`${key.key.slice(0, -2)}xx`))), { status: 401 })
  t.ok(performance.now() - before > 250, 'a wrong secret of a right id waits as any wrong key')
})

await t.test('tasks belong to the id, through rotation', async (t) => {
  const key = await make('turning')
  standin.when('K-own', message('mine'))
  const task = (await (await bridge.post('/tasks', ask('K-own', { model: direct }), as(key.key))).json()) as { id: string }
  const rotate = (body?: object) => bridge.post(`/admin/keys/${key.id}/rotate`, body ?? '', operator)
  const rotated = await rotate({ grace_s: 1 })
  t.equal(rotated.status, 201)
  const next = (await rotated.json()) as Key
  told.push(next.key)
  t.match(next, { id: key.id, name: 'turning', previous_until: Number })
  for (const one of [key, next]) t.equal((await bridge.get(`/tasks/${task.id}`, as(one.key))).status, 200)
  await new Promise((resolve) => setTimeout(resolve, 1100))
  t.match(await failure(await bridge.get('/tasks', as(key.key))), { status: 401, message: /revoked or replaced/ })
  t.equal((await bridge.get(`/tasks/${task.id}`, as(next.key))).status, 200)
  const last = (await (await rotate()).json()) as Key
  told.push(last.key)
  t.equal((await bridge.get('/tasks', as(next.key))).status, 401, 'without grace the old key ends at once')
  t.equal((await bridge.get(`/tasks/${task.id}`, as(last.key))).status, 200)
  for (const grace_s of [-1, 30 * 24 * 3600 + 1, 'long']) t.equal((await rotate({ grace_s })).status, 400)
  const other = await make('other')
  t.equal((await bridge.get(`/tasks/${task.id}`, as(other.key))).status, 404)
})

await t.test('revoked', async (t) => {
  const key = await make('leaving')
  const stays = await make('staying')
  const { opened, open } = gate()
  t.teardown(open)
  standin.when('K-live', message('I hold this'))
  standin.when('K-other', message('and I that'))
  await (await bridge.post(chat, ask('K-live'), as(key.key))).text()
  await (await bridge.post(chat, ask('K-other'), as(stays.key))).text()
  await until(() => bridge.app.pool.stats.parked === 2)
  t.equal(bridge.app.pool.stats.parked, 2, 'two processes hold a conversation')

  standin.when('K-run', hang(1))
  standin.when('K-call', message('late', { hold: { afterDeltas: 0, until: opened } }))
  const job = (await (await bridge.post('/tasks', ask('K-run', { model: direct }), as(key.key))).json()) as { id: string }
  const others = (await (await bridge.post('/tasks', ask('K-call', { model: direct }), as(stays.key))).json()) as { id: string }
  const user = await connect(bridge, as(key.key))
  const called = user.call('ask', { question: 'K-run', model: direct })
  called.catch(() => undefined)
  await until(() => bridge.app.jobs.stats('network').running === 3)

  const gone = await change(key.id, 'DELETE')
  t.strictSame(await gone.json(), { id: key.id, object: 'key.deleted', deleted: true })
  t.match(await failure(await bridge.get('/tasks', as(key.key))), { status: 401, code: 'invalid_api_key' })
  t.match(await bridge.app.jobs.get(job.id, key.id), { status: 'cancelled' }, 'its job is cancelled')
  t.match(await bridge.app.jobs.get(others.id, stays.id), { status: 'in_progress' }, 'and no other')
  t.match(await called, { isError: true }, 'its call of MCP ends')
  await t.rejects(user.call('list_tasks', {}), 'and its session with it')
  await user.client.close().catch(() => undefined)
  await until(() => bridge.app.pool.stats.parked === 1)
  t.equal(bridge.app.pool.stats.parked, 1, 'the process with its conversation is ended')
  open()

  t.equal((await change(key.id, 'DELETE')).status, 200)
  t.match(await (await bridge.get(`/admin/keys/${key.id}`, operator)).json(), { revoked_at: Number })
  t.match(await failure(await change(key.id, 'PATCH', { name: 'back' })), { status: 400, message: /revoked/ })
  await t.rejects(
    bridge.app.jobs.submit({ owner: key.id, background: false, view: { ignored: [] } } as never),
    { name: 'BridgeError', failure: { code: 'invalid_api_key' } },
    'a request that was on its way makes no job',
  )
})

await t.test('what a key may ask for, on every route that makes a job', async (t) => {
  const key = await make('narrow', { models: [direct, 'haiku'], mcp_servers: ['one'], tools: ['Read', 'mcp__one'] })
  const headers = as(key.key)
  const refusedOn = async (t: Test, route: string, body: object, code: string, status: number) => {
    t.match(await failure(await bridge.post(route, body, headers)), { status, code }, `${route} ${JSON.stringify(body)}`)
  }
  for (const route of [chat, '/tasks', '/chat/completions']) {
    await refusedOn(t, route, ask('x'), 'model_not_found', 404)
    await refusedOn(t, route, { model: 'sonnet', input: 'x' }, 'model_not_found', 404)
    await refusedOn(t, route, ask('x', { model: 'max/haiku' }), 'model_not_found', 404)
    await refusedOn(t, route, ask('x', { model: 'haiku', fallbacks: ['opus'] }), 'invalid_value', 400)
    await refusedOn(t, route, ask('x', { model: 'haiku', mcp_servers: ['two'] }), 'mcp_server_not_allowed', 403)
    await refusedOn(t, route, ask('x', { model: 'haiku', allowed_tools: ['Write'] }), 'mcp_server_not_allowed', 403)
    const validation = [{ type: 'agent_task', params: { task: 'look', validation_model_alias: 'opus' } }]
    const checked = await failure(await bridge.post(route, ask('x', { model: 'haiku', validation }), headers))
    t.match(checked, { param: /^validation\[0\]/ }, 'validators ask for no other model')
  }
  await refusedOn(t, '/v1/responses', { model: 'sonnet', input: 'x' }, 'model_not_found', 404)
  await refusedOn(t, '/openai/deployments/sonnet/chat/completions', ask('x'), 'model_not_found', 404)
  t.match(await (await bridge.post(`${chat}/check`, ask('x'), headers)).json(), { ok: false, error: { code: 'model_not_found' } })
  const words = await failure(await bridge.post(chat, ask('x'), headers))
  t.match(words, { message: new RegExp(`may not use the model 'sonnet'.*${direct}, haiku`), param: 'model' })

  const user = await connect(bridge, headers)
  for (const tool of ['ask', 'start_task']) {
    t.match(await user.call(tool, { question: 'x' }), { isError: true, content: [{ text: /may not use the model/ }] }, tool)
    const picked = await user.call(tool, { question: 'x', model: 'haiku', mcp_servers: ['two'] })
    t.match(picked, { isError: true, content: [{ text: /may not use the MCP server two/ }] }, tool)
  }
  const ids = (list: unknown) => (list as { data: { id: string }[] }).data.map(({ id }) => id)
  t.strictSame(ids((await user.call('list_models', {})).structuredContent), [direct, 'haiku'])
  await user.client.close()
  t.strictSame(ids(await (await bridge.get('/v1/models', headers)).json()), [direct, 'haiku'])
  t.equal((await bridge.get('/v1/models/haiku', headers)).status, 200)
  t.match(await failure(await bridge.get('/v1/models/sonnet', headers)), { status: 404, code: 'model_not_found' })

  standin.when('K-may', message('yes'))
  t.equal((await bridge.post(chat, ask('K-may', { model: direct }), headers)).status, 200)
  t.equal((await bridge.post(chat, ask('K-may', { model: 'haiku', allowed_tools: ['Read'] }), headers)).status, 200)
  t.equal((await change(key.id, 'PATCH', { models: ['sonnet'] })).status, 200)
  await refusedOn(t, chat, ask('K-may', { model: direct }), 'model_not_found', 404)
})

await t.test('a limit that is raised holds for jobs that wait', async (t) => {
  const key = await make('raised', { limits: { running: 1 } })
  const { opened, open } = gate()
  t.teardown(open)
  standin.when('K-raise', message('one two', { hold: { afterDeltas: 1, until: opened } }))
  const start = async () => (await (await bridge.post('/tasks', ask('K-raise', { model: direct }), as(key.key))).json()) as Key
  const [, second] = [await start(), await start()]
  const statusOf = async () => (await bridge.app.jobs.get(second.id, key.id))?.status
  t.equal(await statusOf(), 'queued')
  await change(key.id, 'PATCH', { limits: { running: 2 } })
  await until(() => bridge.app.jobs.stats('network').running === 2)
  // a place of a provider is this server's at once, and a moment later that of all
  while (onRedis && (await statusOf()) === 'queued') await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(await statusOf(), 'in_progress')
  open()
  await bridge.idle()
})

await t.test('a limit of 0 lets nothing through, as in the configuration file', async (t) => {
  const refused: [limits: object, code: string][] = [
    [{ requests_per_minute: 0 }, 'rate_limit_exceeded'],
    [{ tokens_per_minute: 0 }, 'rate_limit_exceeded'],
    [{ usd_per_day: 0 }, 'insufficient_quota'],
    [{ usd_per_month: 0 }, 'insufficient_quota'],
  ]
  for (const [at, [limits, code]] of refused.entries()) {
    const key = await make(`none-${at}`, { limits })
    const answer = await bridge.post(chat, ask('K-none', { model: direct }), as(key.key))
    t.match(await failure(answer), { status: 429, code }, JSON.stringify(limits))
  }
  const running = { limits: { running: 0 }, name: 'none' }
  t.match(
    await failure(await bridge.post('/admin/keys', running, operator)),
    { status: 400, param: 'limits.running' },
    'it would wait for ever',
  )
})

await t.test('a key marked admin', async (t) => {
  const key = await make('chief', { admin: true })
  t.equal((await bridge.get('/admin/keys', as(key.key))).status, 200)
  t.equal((await bridge.get('/metrics', as(key.key))).status, 200)
  t.equal((await bridge.get('/tasks', as(key.key))).status, 200, 'and a key like another')
  const groups = (await (await bridge.get('/usage?group_by=key', as(key.key))).json()) as { data: { key: string }[] }
  t.ok(groups.data.length > 1, 'it sees the usage of all keys')
  t.equal((await change(key.id, 'PATCH', { admin: false }, as(key.key))).status, 200)
  t.equal((await bridge.get('/admin/keys', as(key.key))).status, 403)
})

await t.test('no key is in a log, in an answer or on the disk', async (t) => {
  await bridge.idle()
  const { redis } = bridge.app
  const data = path.join(folder, 'data')
  const files = readdirSync(data).filter((name) => name.startsWith('jobs.db'))
  const stored =
    redis === null ? files.map((name) => readFileSync(path.join(data, name), 'latin1')) : await redis.commands.hvals(redis.key('keys'))
  t.ok(stored.length > 1, 'the database and its log, or the records in Redis')
  const answers = await Promise.all(
    ['/admin/keys?limit=100', '/metrics', '/usage'].map(async (route) => (await bridge.get(route, operator)).text()),
  )
  const places = [...stored, bridge.logs.join(''), ...answers]
  t.ok(told.length > 8)
  for (const key of told)
    t.strictSame(
      places.filter((text) => text.includes(key.slice(14))),
      [],
      'not even its secret half',
    )
  t.match(bridge.logs.join(''), /a key was revoked/)
})
