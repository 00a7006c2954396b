/** Health is told from what is known already: no probe starts a process or asks the model. */
import t from 'tap'
import { healthSchema, readySchema } from '../../src/health.js'
import { ask, gate, startBridge } from '../helper.js'
import { onRedis } from '../redis.js'
import { httpError, message } from '../standin/index.js'
import { answer, startProvider } from '../upstreams/provider.js'

await t.test('well, then refused by the API', async (t) => {
  const bridge = await startBridge(t)
  const health = async () => healthSchema.parse(await (await bridge.get('/health')).json())
  const response = await bridge.get('/health')
  t.equal(response.status, 200)
  t.equal(response.headers.get('cache-control'), 'no-store')
  t.match(healthSchema.parse(await response.json()), {
    status: 'ok',
    claude_authenticated: true,
    claude: {
      version: /^\d+\.\d+\.\d+$/,
      problem: null,
      auth_status: 'api_key',
      hint: null,
      last_success: null,
      last_failure: null,
    },
    queue: { queued: 0, max_queued: 100 },
    slots: { in_use: 0, total: 4 },
    store: { kind: onRedis ? 'redis' : 'sqlite', ok: true },
  })
  const ready = await bridge.get('/health/ready')
  t.equal(ready.status, 200)
  t.strictSame(Object.keys(readySchema.parse(await ready.json()).checks), ['accepting', 'claude', 'queue', 'store', 'workspace'])
  t.equal(bridge.standin.requests.length, 0, 'nobody was asked')
  t.equal((await fetch(`${bridge.url}/health`, { method: 'HEAD' })).status, 200)

  bridge.standin.when('H-refused', httpError(401))
  bridge.standin.when('H-fine', message('fine'))
  t.equal((await bridge.post('/v1/chat/completions', ask('H-refused'))).status, 401)
  t.match(await health(), {
    status: 'degraded',
    claude_authenticated: false,
    claude: { auth_status: 'refused', hint: /refused the key in ANTHROPIC_API_KEY/, last_failure: { code: 'upstream_auth' } },
  })
  t.equal((await bridge.get('/health')).status, 200, 'alive all the same')
  const not = await bridge.get('/health/ready')
  t.equal(not.status, 503)
  t.match(await not.json(), {
    ready: false,
    checks: { claude: { ok: false, code: 'claude_not_authenticated', detail: /ANTHROPIC_API_KEY/ } },
  })

  t.equal((await bridge.post('/v1/chat/completions', ask('H-fine'))).status, 200)
  t.match(await health(), { status: 'ok', claude: { last_success: Number, hint: null } })
  t.equal((await bridge.get('/health/ready')).status, 200)
})

await t.test('a binary that is not there, or is no CLI', async (t) => {
  for (const [binary, problem] of [
    ['/nowhere/claude', /not there/],
    ['/bin/true', /did not answer/],
    ['/etc/hosts', /cannot be executed|did not answer/],
  ] as const) {
    const bridge = await startBridge(t, { env: { CLAUDE_BIN: binary } })
    t.match(await (await bridge.get('/health')).json(), { status: 'degraded', claude: { path: binary, version: null, problem } })
    const ready = await bridge.get('/health/ready')
    t.equal(ready.status, 503, binary)
    t.match(await ready.json(), { checks: { claude: { ok: false, detail: problem } } })
    for (const stream of [false, true]) {
      const response = await bridge.post('/v1/chat/completions', ask('x', { stream }))
      t.equal(response.status, 503)
      t.equal(response.headers.get('x-should-retry'), 'false')
      t.match(await response.json(), { error: { code: 'claude_unavailable', type: 'server_error', param: null } })
    }
  }
})

await t.test('other providers beside Claude, or in its place', async (t) => {
  const provider = await startProvider(t)
  const acme = { base_url: provider.url, models: '*', max_concurrent: 1 }
  const keyless = { base_url: provider.url, api_key_env: 'NOT_SET_KEY', models: '*' }
  const started = async (upstreams: object | null, env: Record<string, string>) => {
    const settings: Record<string, string> = upstreams === null ? {} : { UPSTREAMS: JSON.stringify(upstreams) }
    const bridge = await startBridge(t, { env: { ...settings, ...env } })
    const ready = async () => {
      const response = await bridge.get('/health/ready')
      const told = readySchema.parse(await response.json())
      t.equal(response.status, told.ready ? 200 : 503)
      return told
    }
    /** Takes the provider's only slot until the returned function is called. */
    const busy = async (marker: string) => {
      const { opened, open } = gate()
      provider.when(marker, (response, asked) => opened.then(() => answer('done')(response, asked)))
      const task = await bridge.post('/tasks', ask(marker, { model: 'acme/x' }))
      t.equal(task.status, 202)
      return async () => {
        open()
        await bridge.idle()
      }
    }
    return { bridge, ready, busy }
  }
  const noLogin = { ANTHROPIC_API_KEY: '' }
  const setUp = /claude setup-token/

  await t.test('no login', async (t) => {
    const { bridge, ready } = await started(null, noLogin)
    const { checks, ready: isReady } = await ready()
    t.equal(isReady, false)
    t.match(checks.claude, { ok: false, detail: setUp })
    t.equal(checks.upstreams, undefined)
    t.match(await (await bridge.get('/health')).json(), { status: 'degraded', claude: { hint: setUp } })
  })

  await t.test('no login, a provider', async (t) => {
    const { bridge, ready } = await started({ acme, keyless }, noLogin)
    t.match(await ready(), {
      ready: true,
      checks: { claude: { ok: false, detail: setUp }, upstreams: { ok: true, detail: null }, queue: { ok: true } },
    })
    t.match(await (await bridge.get('/health')).json(), { status: 'degraded', claude_authenticated: false, claude: { hint: setUp } })
    t.equal((await bridge.post('/v1/chat/completions', ask('R-served', { model: 'acme/x' }))).status, 200)
  })

  await t.test('no login, a provider that is busy', async (t) => {
    const { ready, busy } = await started({ acme }, { ...noLogin, MAX_QUEUED: '0' })
    const release = await busy('R-busy')
    t.match(await ready(), {
      ready: false,
      checks: { upstreams: { ok: true }, queue: { ok: false, detail: 'all 1 slots are taken and 0 jobs wait' } },
    })
    await release()
    t.match(await ready(), { ready: true })
  })

  await t.test('no login, no key', async (t) => {
    const { ready } = await started({ keyless }, noLogin)
    t.match(await ready(), {
      ready: false,
      checks: { claude: { ok: false }, upstreams: { ok: false, detail: /^keyless: .*NOT_SET_KEY/ }, queue: { ok: true } },
    })
  })

  await t.test('a login', async (t) => {
    t.match(await (await started({ keyless }, {})).ready(), { ready: true, checks: { claude: { ok: true }, upstreams: { ok: false } } })
    const { ready, busy } = await started({ acme }, { MAX_QUEUED: '0' })
    const release = await busy('R-beside')
    t.match(await ready(), { ready: true, checks: { queue: { ok: true } } }, 'Claude has room')
    await release()
  })
})
