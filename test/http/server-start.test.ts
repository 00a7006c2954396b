/** The process starts, or says in one line why not. */
import { createServer } from 'node:net'
import { once } from 'node:events'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { ask, environment, until } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'
import { message, startStandin } from '../standin/index.js'
import { workspaceRootOf } from '../../workspace/workspace.js'

async function refuses(t: Test, env: Record<string, string>, line: RegExp): Promise<void> {
  const server = await startServer(t, env)
  t.equal((await server.ended).code, 1, `${line}: exit code`)
  const said = server.stderr().trim()
  t.match(said, line)
  t.equal(said.split('\n').length, 1, `one line: ${said}`)
  t.match(said, /^claude-bridge: [A-Z_]+: /, 'which names the variable')
}

await t.test('settings that make no sense', { skip: process.platform !== 'linux' }, async (t) => {
  const home = temporary(t)
  const base = environment(home, 'http://127.0.0.1:1')
  const file = path.join(home, 'file')
  writeFileSync(file, '')
  const noDatabase = path.join(home, 'no-database')
  mkdirSync(noDatabase, { mode: 0o700 })
  writeFileSync(path.join(noDatabase, 'jobs.db'), 'this is no database, and long enough to be looked at as one '.repeat(200))
  const open = path.join(home, 'open')
  mkdirSync(open)
  mkdirSync(path.join(open, path.basename(workspaceRootOf(base['DATA_DIR']!))))
  chmodSync(path.join(open, path.basename(workspaceRootOf(base['DATA_DIR']!))), 0o755)
  const cases: [Record<string, string>, RegExp][] = [
    [{ PORT: 'abc' }, /PORT: .*whole number.*"abc"/],
    [{ PORT: '70000' }, /PORT: .*65535/],
    [{ HOST: '0.0.0.0' }, /HOST: .*API_KEYS/],
    [{ HOST: '203.0.113.7', API_KEYS: 'a-key-of-some-length' }, /HOST: "203.0.113.7"/],
    [{ HOST: '203.0.113.7', API_KEYS: 'short' }, /API_KEYS: entry 1 has fewer than 16 characters.*openssl rand -hex 16/],
    [{ API_KEYS: 'key-2:a-key-of-some-length' }, /API_KEYS: entry 1 must have another name/],
    [{ API_KEYS: 'a:' }, /API_KEYS: entry 1/],
    [{ API_KEYS: 'secret-key,secret-key' }, /API_KEYS: .*twice/],
    [{ MAX_CONCURRENT: '0' }, /MAX_CONCURRENT: /],
    [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL: .*info/],
    [{ CLAUDE_MODEL: '--help' }, /CLAUDE_MODEL: /],
    [{ DATA_DIR: file }, /DATA_DIR: .*file/],
    [{ DATA_DIR: path.join(file, 'data') }, /DATA_DIR: .*file/],
    [{ TMPDIR: path.join(file, 'tmp') }, /TMPDIR: .*file.*ENOTDIR/],
    [{ TMPDIR: open }, /TMPDIR: the folder for workspaces, .* is not a private folder of this user/],
    [{ DATA_DIR: path.join(home, 'x'.repeat(300)) }, /DATA_DIR: .*too long a name \(ENAMETOOLONG\)/],
    [{ DATA_DIR: '/proc/bridge/data' }, /DATA_DIR: \/proc\/bridge cannot be made \(ENOENT\)/],
    [{ TMPDIR: '/proc/bridge' }, /TMPDIR: \/proc\/bridge cannot be made \(ENOENT\)/],
    [{ FILES_DIR: file }, /FILES_DIR: .*file is no folder \(EEXIST\)/],
    [{ FILES_DIR: path.join(file, 'x') }, /FILES_DIR: .*ENOTDIR/],
    [{ MCP_CONFIG: home }, /MCP_CONFIG: .*cannot be read \(EISDIR\)/],
    [{ UPSTREAMS: path.join(home, 'nowhere.json') }, /UPSTREAMS: .*ENOENT/],
    [{ DATA_DIR: noDatabase }, /DATA_DIR: cannot use the job database .*not a database/],
  ]
  // two at once: each is a whole process that does nothing but start
  for (let at = 0; at < cases.length; at += 2) {
    await Promise.all(cases.slice(at, at + 2).map(([env, line]) => refuses(t, { ...base, ...env }, line)))
  }
})

/** Whether this user may mount: a namespace of mounts needs root or user namespaces. */
const mounts = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

await t.test('file systems that are full or read-only', { skip: mounts ? false : 'needs to mount' }, async (t) => {
  const home = temporary(t)
  const at = path.join(home, 'mounted')
  mkdirSync(at)
  const base = environment(home, 'http://127.0.0.1:1')
  const cases: [mount: string, env: Record<string, string>, RegExp][] = [
    ['ro', { TMPDIR: at }, /^claude-bridge: TMPDIR: .*mounted/],
    ['nr_inodes=1', { TMPDIR: at }, /^claude-bridge: TMPDIR: .*has no room \(ENOSPC\)/],
    ['ro', { DATA_DIR: at }, /^claude-bridge: DATA_DIR: .*read-only \(EROFS\)/],
    ['ro', { DATA_DIR: path.join(at, 'data') }, /^claude-bridge: DATA_DIR: .*mounted/],
    ['nr_inodes=2', { DATA_DIR: at }, /^claude-bridge: DATA_DIR: .*(room|full|open)/],
    ['size=8k', { DATA_DIR: at }, /^claude-bridge: DATA_DIR: .*(room|full|I\/O error)/],
  ]
  const server = path.join(import.meta.dirname, '../../src/server.js')
  for (const [options, env, line] of cases) {
    const script = `mount -t tmpfs -o ${options} none "${at}" && exec "${process.execPath}" "${server}"`
    const ran = spawnSync('unshare', ['-m', 'sh', '-c', script], { env: { ...base, ...env }, encoding: 'utf8', timeout: 30_000 })
    t.equal(ran.status, 1, `${options} ${JSON.stringify(env)}: ${ran.stdout}`)
    t.match(ran.stderr.trim(), line)
    t.equal(ran.stderr.trim().split('\n').length, 1, `one line: ${ran.stderr}`)
  }
})

await t.test('a CLI that is not there is named by its setting', async (t) => {
  const home = temporary(t)
  for (const file of ['/nowhere/claude', home]) {
    const server = await startServer(t, { ...environment(home, 'http://127.0.0.1:1'), CLAUDE_BIN: file })
    t.ok(await until(() => /"level":40.*CLAUDE_BIN: the Claude CLI cannot be used: /.test(server.stdout())), server.stdout())
    server.process.kill('SIGTERM')
    await server.ended
  }
})

await t.test('a port that is taken, a data directory that is in use', async (t) => {
  const home = temporary(t)
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  t.teardown(() => blocker.close())
  const { port } = blocker.address() as AddressInfo
  const base = environment(home, 'http://127.0.0.1:1')
  await refuses(t, { ...base, HOST: '127.0.0.1', PORT: String(port) }, new RegExp(`PORT: ${port} is in use`))

  const first = await startServer(t, base)
  t.equal((await fetch(`${first.url}/health`)).status, 200)
  await refuses(t, base, /DATA_DIR: /)
  t.equal((await fetch(`${first.url}/health`)).status, 200, 'the first one goes on')
  first.process.kill('SIGTERM')
  t.equal((await first.ended).code, 0)
  const next = await startServer(t, base)
  t.equal((await fetch(`${next.url}/health`)).status, 200, 'and its folder is free after it')
})

await t.test('without credentials it serves, and says what is missing', async (t) => {
  const home = temporary(t)
  const config = path.join(home, 'claude')
  mkdirSync(config)
  const { PATH, DATA_DIR, PORT } = environment(home, '')
  const server = await startServer(t, { PATH: PATH!, DATA_DIR: DATA_DIR!, PORT: PORT!, HOME: home, CLAUDE_CONFIG_DIR: config })
  // the server listens before it knows of the CLI, and says then what is missing
  t.ok(await until(() => server.stdout().includes('claude setup-token')), 'also where it was started')
  const health = await fetch(`${server.url}/health`)
  t.equal(health.status, 200)
  t.match(await health.json(), { status: 'degraded', claude_authenticated: false, claude: { hint: /claude setup-token/ } })
  t.equal((await fetch(`${server.url}/health/ready`)).status, 503)
  for (const stream of [false, true]) {
    const from = Date.now()
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask('hello', { stream })),
    })
    t.equal(response.status, 401, stream ? 'streaming' : 'blocking')
    t.match(await response.json(), {
      error: {
        message: /claude setup-token/,
        type: 'authentication_error',
        param: null,
        code: 'claude_not_authenticated',
      },
    })
    t.ok(Date.now() - from < 15_000, `after ${Date.now() - from} ms`)
  }
})

await t.test('the log holds neither prompts nor keys', async (t) => {
  const home = temporary(t)
  const standin = await startStandin()
  t.teardown(() => standin.close())
  standin.when('S-prompt', message('S-answer'))
  const server = await startServer(t, { ...environment(home, standin.url), API_KEYS: 'ann:S-key', LOG_LEVEL: 'trace' })
  const post = (body: unknown, key: string) =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  t.equal((await post(ask('S-prompt'), 'S-key')).status, 200)
  t.equal((await post(ask('S-prompt', { stream: 'S-wrong' }), 'S-key')).status, 400)
  t.equal((await post('{"S-prompt', 'S-key')).status, 400)
  t.equal((await post(ask('S-prompt'), 'S-other')).status, 401)
  server.process.kill('SIGTERM')
  await server.ended
  const log = server.stdout() + server.stderr()
  t.ok(log.includes('/v1/chat/completions'), 'there is a log')
  t.strictSame(log.match(/S-(prompt|answer|key|other|wrong)|sk-ant-\S*/g), null)
  for (const line of server.stdout().trim().split('\n')) t.doesNotThrow(() => JSON.parse(line) as unknown)
})

await t.test('an exception that ends the server is visible at LOG_LEVEL=error', async (t) => {
  const home = temporary(t)
  // as soon as the server looks after exceptions
  const program =
    "const timer = setInterval(() => { if (process.listenerCount('uncaughtException') > 0) { clearInterval(timer); throw new Error('a fault') } }, 20)"
  const server = await startServer(t, {
    ...environment(home, 'http://127.0.0.1:1'),
    ...{ LOG_LEVEL: 'error', NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` },
  })
  t.equal((await server.ended).code, 1)
  const lines = server.stdout().trim().split('\n')
  t.match(JSON.parse(lines[0]!), { level: 60, msg: /ends after an error/, err: { message: 'a fault', stack: /data:text/ } })
})
