/** Health is told from what is known already: no probe starts a process or asks the model. */
import t from 'tap'
import { healthSchema, readySchema } from '../../src/health.js'
import { ask, startBridge } from '../helper.js'
import { httpError, message } from '../standin/index.js'

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
    store: { kind: 'sqlite', ok: true },
  })
  const ready = await bridge.get('/health/ready')
  t.equal(ready.status, 200)
  t.match(readySchema.parse(await ready.json()), { ready: true })
  t.equal(bridge.standin.requests.length, 0, 'nobody was asked')
  t.equal((await fetch(`${bridge.url}/health`, { method: 'HEAD' })).status, 200)

  bridge.standin.when('H-refused', httpError(401))
  bridge.standin.when('H-fine', message('fine'))
  t.equal((await bridge.post('/v1/chat/completions', ask('H-refused'))).status, 401)
  t.match(await health(), {
    status: 'degraded',
    claude_authenticated: false,
    claude: { auth_status: 'refused', hint: /claude setup-token/, last_failure: { code: 'upstream_auth' } },
  })
  t.equal((await bridge.get('/health')).status, 200, 'alive all the same')
  const not = await bridge.get('/health/ready')
  t.equal(not.status, 503)
  t.match(await not.json(), { ready: false, checks: { claude: { ok: false, detail: /setup-token/ } } })

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
    t.match(
      await (await bridge.get('/health')).json(),
      { status: 'degraded', claude: { path: binary, version: null, problem } },
    )
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
