/** The configuration read again: what takes effect, what does not, and that no request is lost. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { ask, startBridge, until } from '../helper.js'
import { exchange, request } from '../helper-raw.js'
import { startServer, temporary } from '../helper-server.js'
import { openDoor } from '../standin/door.js'
import { message, startStandin } from '../standin/index.js'

interface Answer {
  object: string
  changed: string[]
  needs_restart: string[]
  error?: { code: string; message: string }
}

const operator = { authorization: 'Bearer key-of-the-operator-1' }
const ann = { authorization: 'Bearer key-of-ann' }

const standin = await startStandin()
const door = await openDoor(standin.url)
t.teardown(async () => {
  await door.close()
  await standin.close()
})
const providers = { door: { base_url: door.url, models: ['direct'], max_concurrent: 8 } }

await t.test('a server with keys', async (t) => {
  const file = path.join(temporary(t), 'bridge.yaml')
  const write = (config: unknown) => writeFileSync(file, JSON.stringify(config))
  const first = { keys: [{ name: 'ann', key: 'key-of-ann' }], providers, aliases: { quick: 'direct' } }
  write(first)
  const bridge = await startBridge(t, { env: { CONFIG: file, ADMIN_KEY: 'key-of-the-operator-1' } })
  standin.when('R-', message('fine'))
  const reload = async (config?: unknown) => {
    if (config !== undefined) write(config)
    const response = await bridge.post('/admin/reload', {}, operator)
    return { status: response.status, ...((await response.json()) as Answer) }
  }
  const modelOf = async (model: string, headers = ann) =>
    (await bridge.post('/v1/chat/completions', ask('R-one', { model }), headers)).json() as Promise<{
      model: string
      bridge: { model: string }
    }>
  const listed = async (headers = ann) =>
    ((await (await bridge.get('/v1/models', headers)).json()) as { data: { id: string }[] }).data.map(({ id }) => id)

  await t.test('is the operator’s', async (t) => {
    t.equal((await bridge.post('/admin/reload', {}, ann)).status, 403)
    t.equal((await bridge.post('/admin/reload', {})).status, 401)
    t.match(await reload(), { status: 200, object: 'reload', changed: [], needs_restart: [] })
  })

  await t.test('aliases', async (t) => {
    t.ok((await listed()).includes('quick'))
    t.match(await modelOf('quick'), { model: 'quick', bridge: { model: String } })
    t.match(await reload({ ...first, aliases: { swift: 'door/direct' } }), { changed: ['aliases'] })
    t.match(await modelOf('swift'), { model: 'swift' })
    t.match(await modelOf('quick'), { error: { code: 'model_not_found', message: /swift/ } })
    t.notOk((await listed()).includes('quick'))
    t.match(await (await bridge.get('/v1/models/swift', ann)).json(), { id: 'swift', owned_by: 'door' })
  })

  await t.test('settings of a model', async (t) => {
    await reload({ ...first, models: { direct: { way: 'poll', timeout_s: 7 } } })
    const polled = await bridge.post('/v1/chat/completions', ask('R-poll', { model: 'quick' }), ann)
    t.equal(polled.status, 202)
    const { id } = (await polled.json()) as { id: string }
    t.equal((await bridge.app.jobs.get(id, 'ann'))?.timeoutS, 7)
    await bridge.get(`/tasks/${id}?wait=20`, ann)
    t.equal((await bridge.post('/v1/chat/completions', ask('R-block', { model: 'quick', background: false }), ann)).status, 200)
  })

  await t.test('prices', async (t) => {
    const costOf = async () => {
      const answer = await bridge.post('/v1/chat/completions', ask('R-cost', { model: 'quick' }), ann)
      return ((await answer.json()) as { bridge: { cost_usd: number } }).bridge.cost_usd
    }
    await reload({ ...first, models: { direct: { price: { input: 1000, output: 1000 } } } })
    const dear = await costOf()
    t.match(await reload({ ...first, models: { direct: { price: { input: 1, output: 1 } } } }), { changed: ['models'] })
    const cheap = await costOf()
    t.ok(cheap > 0 && Math.abs(dear / cheap - 1000) < 1, `${dear} to ${cheap}`)
    await reload(first)
  })

  await t.test('keys', async (t) => {
    const bob = { authorization: 'Bearer key-of-bob' }
    t.equal((await bridge.get('/v1/models', bob)).status, 401)
    t.match(await reload({ ...first, keys: [{ name: 'bob', key: 'key-of-bob' }] }), { changed: ['keys'] })
    t.equal((await bridge.get('/v1/models', bob)).status, 200)
    t.equal((await bridge.get('/v1/models', ann)).status, 401)
    t.match(await reload({ ...first, keys: [] }), { changed: [], needs_restart: ['keys'] }, 'a server with keys stays one')
    t.equal((await bridge.get('/v1/models', bob)).status, 200)
    await reload(first)
  })

  await t.test('providers', async (t) => {
    const other = { ...providers.door, models: ['straight'] }
    t.match(await reload({ ...first, aliases: {}, providers: { door: other } }), { changed: ['aliases', 'providers'] })
    t.match(await modelOf('straight'), { model: 'straight' })
    t.match(await modelOf('direct'), { error: { code: 'model_not_found' } })
    await reload(first)
    t.match(await modelOf('direct'), { model: 'direct' })
  })

  await t.test('servers of MCP, origins, the level of the log, limits', async (t) => {
    const registry = path.join(path.dirname(file), 'mcp.json')
    writeFileSync(registry, '{"mcpServers": {"mine": {"command": "x"}}}')
    const check = async () =>
      (await bridge.post('/v1/chat/completions/check', { ...ask('x'), mcp_servers: ['mine'] }, ann)).json() as Promise<{ ok: boolean }>
    const page = async () =>
      (await exchange(bridge.port, request('GET /v1/models', { host: 'x', origin: 'https://app.example', ...ann }))).status
    t.match(await check(), { ok: false })
    t.equal(await page(), 403)
    const limits = { keys: { ann: { running: 3 } } }
    const next = { ...first, mcp: { config: 'mcp.json' }, origins: ['https://app.example'], limits, server: { log_level: 'error' } }
    t.strictSame((await reload(next)).changed.toSorted(), ['LOG_LEVEL', 'limits', 'mcp', 'origins'])
    t.match(await check(), { ok: true })
    t.equal(await page(), 200)
    t.equal(bridge.app.log.level, 'error')
    t.strictSame(bridge.app.config.limits.keys, limits.keys)
    writeFileSync(registry, '{"mcpServers": {}}')
    t.strictSame((await reload()).changed, ['mcp'], 'the file that it names is read again')
    t.match(await check(), { ok: false })
    await reload(first)
  })

  await t.test('a bad file changes nothing', async (t) => {
    const before = bridge.app.config
    const bad = await reload({ ...first, aliases: { quick: 'nobody' }, keys: [{ name: 'eve', key: 'key-of-eve' }] })
    t.match(bad, { status: 400, error: { code: 'invalid_configuration', message: /^CONFIG: aliases\.quick: there is no model "nobody"/ } })
    t.equal(bridge.app.config, before)
    t.equal((await bridge.get('/v1/models', { authorization: 'Bearer key-of-eve' })).status, 401)
    t.match(await modelOf('quick'), { model: 'quick' })
  })

  await t.test('what needs another start', async (t) => {
    const server = { host: '127.0.0.2', port: 4001, data_dir: 'x', max_concurrent: 9, job_timeout_s: 99 }
    const next = { ...first, server, aliases: { quick: 'direct', swift: 'direct' } }
    const { dataDir } = bridge.app.config
    const told = await reload(next)
    // DATA_DIR, PORT and MAX_CONCURRENT of this server are set by its environment, which wins
    t.match(told, { status: 200, needs_restart: ['HOST'] })
    t.strictSame(told.changed.toSorted(), ['JOB_TIMEOUT_S', 'aliases'])
    t.match(bridge.app.config, { host: '127.0.0.1', dataDir, maxConcurrent: 4, jobTimeoutS: 99 })
    t.match(await reload(), { changed: [], needs_restart: ['HOST'] }, 'is named each time')
    await reload(first)
  })

  await t.test('no request is lost', async (t) => {
    const results: string[] = []
    let going = true
    const client = async () => {
      while (going) {
        const response = await bridge.post('/v1/chat/completions', ask('R-many', { model: 'quick' }), ann)
        const body = (await response.json()) as { choices?: { message: { content: string } }[] }
        results.push(`${response.status} ${body.choices?.[0]?.message.content}`)
      }
    }
    const clients = Array.from({ length: 8 }, client)
    for (let n = 1; n <= 10; n += 1) {
      await until(() => results.length >= n * 100)
      const config = { ...first, providers: { door: { ...providers.door, timeouts: { connect: n }, max_concurrent: 2 + n } } }
      t.strictSame((await reload(config)).changed, ['providers'])
    }
    going = false
    await Promise.all(clients)
    t.ok(results.length >= 1000, `${results.length} requests`)
    t.strictSame([...new Set(results)], ['200 fine'])
  })
})

await t.test('without ADMIN_KEY there is no way to it', async (t) => {
  const bridge = await startBridge(t)
  const response = await bridge.post('/admin/reload', {})
  t.equal(response.status, 403)
  t.match(await response.json(), { error: { code: 'admin_key_required', message: /ADMIN_KEY/ } })
})

await t.test('SIGHUP, and the warning of a subscription', async (t) => {
  const folder = temporary(t)
  const keys = path.join(folder, 'keys')
  writeFileSync(keys, 'ann:key-of-ann')
  const token = path.join(folder, 'token')
  writeFileSync(token, 'a-token-of-a-subscription\n')
  const server = await startServer(t, {
    ...{ PATH: process.env['PATH'] ?? '', HOME: folder, DATA_DIR: path.join(folder, 'data'), PORT: '0', HOST: '127.0.0.1' },
    ...{ API_KEYS_FILE: keys, CLAUDE_CODE_OAUTH_TOKEN_FILE: token, ANTHROPIC_BASE_URL: standin.url, WARM_PROCESSES: '0', START_PROBE: '0' },
  })
  const statusOf = async (key: string) => (await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status
  t.equal(await statusOf('key-of-ann'), 200)
  const warned = () => /subscription, which is for its owner's own use/.test(server.stdout())
  writeFileSync(keys, 'ann:key-of-ann\nanonymous:key-of-bob')
  server.process.kill('SIGHUP')
  t.ok(await until(() => server.stdout().includes('SIGHUP: the configuration was not read again')))
  t.match(server.stdout(), /nothing has changed: API_KEYS: entry 2 must have another name/)
  t.notOk(warned(), 'one key on this machine alone')
  writeFileSync(keys, 'ann:key-of-ann\nbob:key-of-bob')
  server.process.kill('SIGHUP')
  t.ok(await until(() => server.stdout().includes('the configuration was read again')))
  t.equal(await statusOf('key-of-bob'), 200)
  t.ok(await until(warned))
  t.notMatch(server.stdout(), /key-of-|a-token-of/)
})
