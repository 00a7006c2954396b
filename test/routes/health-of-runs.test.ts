/** Health tells what happens: with each of these, every request failed while the health was green. */
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { realCli } from '../claude/real-cli.js'
import { ask, environment, startBridge, until } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'
import { message, startStandin } from '../standin/index.js'

const { binary } = await realCli()
const script = (file: string, lines: string) => writeFileSync(file, `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
/** Says its version as the real one does. */
const real = `exec '${binary}' "$@"`
/** Says its version and ends otherwise. */
const broken = `case "$1" in --version) ${real};; esac\necho 'a library is missing' >&2; exit 3`

await t.test('a CLI that ends at once', async (t) => {
  const file = path.join(temporary(t), 'claude')
  script(file, broken)
  const bridge = await startBridge(t, { env: { CLAUDE_BIN: file } })
  const ready = async () => (await bridge.get('/health/ready')).status
  for (const status of [200, 200, 503]) {
    t.equal((await bridge.post('/v1/chat/completions', ask('x'))).status, 502)
    t.equal(await ready(), status)
  }
  t.match(await (await bridge.get('/health')).json(), {
    status: 'degraded',
    claude: { problem: 'the runs of the last 3 jobs all ended with cli_failed', last_failure: { message: /a library is missing/ } },
  })
  bridge.standin.when('H-mended', message('fine'))
  script(file, real)
  t.equal((await bridge.post('/v1/chat/completions', ask('H-mended'))).status, 200, 'it is asked all the same')
  t.equal(await ready(), 200)
  t.match(await (await bridge.get('/health')).json(), { status: 'ok', claude: { problem: null } })
})

await t.test('a CLI that is removed', async (t) => {
  const file = path.join(temporary(t), 'claude')
  script(file, real)
  const bridge = await startBridge(t, { env: { CLAUDE_BIN: file } })
  bridge.standin.when('H-there', message('fine'))
  t.equal((await bridge.post('/v1/chat/completions', ask('H-there'))).status, 200)
  rmSync(file)
  t.match(await (await bridge.post('/v1/chat/completions', ask('H-there'))).json(), { error: { code: 'claude_unavailable' } })
  t.ok(await until(() => bridge.app.claude.trouble !== null))
  t.match(await (await bridge.get('/health')).json(), { status: 'degraded', claude: { problem: 'the Claude CLI binary is not there' } })
  t.equal((await bridge.get('/health/ready')).status, 503)
  script(file, real)
  t.ok(await until(() => bridge.app.claude.trouble === null), 'it is looked for again')
})

await t.test('the start probe of a server', { skip: process.platform !== 'linux' }, async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  const home = temporary(t)
  const file = path.join(home, 'claude')
  script(file, broken)
  const env = { ...environment(home, standin.url), API_KEYS: 'ann:H-key-of-sixteen-and-more', START_PROBE: '1', CLAUDE_BIN: file }
  const server = await startServer(t, env)
  const get = async (route: string, headers = {}) => (await fetch(server.url + route, { headers })).json()
  let open: unknown
  const failing = async () => {
    open = await get('/health/ready')
    return JSON.stringify(open).includes('claude_unavailable')
  }
  for (let left = 100; left > 0 && !(await failing()); left--) await new Promise((resolve) => setTimeout(resolve, 100))
  t.strictSame((open as { checks: { claude: unknown } }).checks.claude, { ok: false, code: 'claude_unavailable', detail: null })
  t.match(await get('/health', { authorization: 'Bearer H-key-of-sixteen-and-more' }), {
    status: 'degraded',
    claude: { problem: /the start probe failed: the process ended \(exit code 3\): a library is missing/ },
  })
  t.match(server.stdout(), /does not answer as jobs need it/)
  t.equal(standin.requests.length, 0, 'no question has left the machine')
})

await t.test('a Perl and a setpriv that cannot tie a process to its parent', { skip: process.platform !== 'linux' }, async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  standin.when('H-untied', message('fine'))
  const home = temporary(t)
  // as that of util-linux 2.32 and of BusyBox
  script(path.join(home, 'setpriv'), `echo "setpriv: unrecognized option '--pdeathsig'" >&2; exit 1`)
  script(path.join(home, 'perl'), 'exit 125')
  const env = environment(home, standin.url)
  const server = await startServer(t, { ...env, PATH: `${home}:${env['PATH']}`, START_PROBE: '1' })
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(ask('H-untied')) }
  const answer = await fetch(`${server.url}/v1/chat/completions`, init)
  t.equal(answer.status, 200)
  t.equal((await fetch(`${server.url}/health/ready`)).status, 200)
})
